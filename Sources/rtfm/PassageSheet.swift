import Evaluation
import Images
import Scene

/// Walks past mirrors and under the sun: for each, three rows of pictures, one column a step.
struct PassageSheet {
  private typealias Drawn = (exam: Exam, answer: Reconstruction.Answer)
  private let walks: [[Drawn]]

  /// - Parameter answers: walk by walk, in the order of walking.
  init(_ answers: [(exam: Exam, answer: Reconstruction.Answer)]) {
    walks = answers.reduce(into: [[Drawn]]()) { walks, drawn in
      let isFirst = drawn.answer.question.target < walks.last?.last?.answer.question.target ?? .max
      if isFirst { walks.append([]) }
      walks[walks.count - 1].append(drawn)
    }
  }

  var image: Image {
    var sheet = ContactSheet(columns: walks.map(\.count).max() ?? 1)
    for walk in walks {
      for (exam, answer) in walk {
        let isFirst = answer.question.target == walk[0].answer.question.target
        sheet.add(exam.frames[answer.question.target].image, caption: isFirst ? exam.name : "truth")
      }
      for (_, answer) in walk {
        sheet.add(answer.image, caption: "model \(answer.score.psnr.digits(1))")
      }
      for (_, answer) in walk { sheet.add(answer.nearest, caption: "nearest") }
    }
    return sheet.image()
  }
}
