import Evaluation
import Images
import Scene

/// Pictures for an evaluation's contact sheet, drawn from the largest context: one of each of two
/// worlds a family, or up to a dozen of a capture.
struct SampleRows {
  private typealias Row = [(image: Image, caption: String)]
  private let limit: Int
  private var rows: [Row] = []
  /// The first target of each world, family by family.
  private var groups: [(name: String, worlds: [(name: String, row: Row)])] = []
  private var seen = 0
  /// Every so many targets of a capture are kept; grows so that no more than a dozen rows remain.
  private var stride = 1

  init(limit: Int) { self.limit = limit }

  mutating func add(_ exam: Exam, _ answer: Reconstruction.Answer) {
    guard answer.question.limit == limit else { return }
    guard let group = exam.group else { return addSome(exam, answer) }
    if groups.last?.name != group { groups.append((group, [])) }
    let last = groups.count - 1
    if groups[last].worlds.last?.name != exam.name {
      groups[last].worlds.append((exam.name, row(exam, answer)))
    }
  }

  /// Two worlds of each family, other ones of each: worlds of one number are in one style.
  private var chosen: [Row] {
    groups.enumerated().flatMap { i, group in
      let count = group.worlds.count
      return (2 * i..<2 * i + min(2, count)).map { group.worlds[$0 % count].row }
    }
  }

  private mutating func addSome(_ exam: Exam, _ answer: Reconstruction.Answer) {
    defer { seen += 1 }
    guard seen % stride == 0 else { return }
    rows.append(row(exam, answer))
    if rows.count > 12 {
      rows = rows.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      stride *= 2
    }
  }

  private func row(_ exam: Exam, _ answer: Reconstruction.Answer) -> Row {
    let truth = exam.frames[answer.question.target].image
    let blank = Image(width: truth.width, height: truth.height, color: [24, 24, 26])
    let contexts = (0..<min(4, limit)).map { i in
      i < answer.question.context.count
        ? (exam.frames[answer.question.context[i]].image, "context") : (blank, "")
    }
    let psnr = answer.score.psnr.digits(1)
    return contexts + [
      (truth, exam.name), (answer.image, "model \(psnr)"), (answer.nearest, "nearest"),
    ]
  }

  var sheet: Image {
    var sheet = ContactSheet(columns: min(4, limit) + 3)
    for cell in (chosen + rows).joined() { sheet.add(cell.image, caption: cell.caption) }
    return sheet.image()
  }
}
