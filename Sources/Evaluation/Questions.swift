import Captures
import Foundation
import Images
public import Scene

/// What exams ask, in files: so that any program can answer, and be measured as our models are.
///
///     exam/questions.json          what is to be drawn from what, and with which cameras
///     exam/room-0/0003.png         a frame to draw from
///     answers/room-0/0006-from-4.png   the answer to one of the questions, by whoever drew it
///
/// `Documentation/EVALUATION.md` has the keys of `questions.json`. Truths are not among the files,
/// unless a capture's frames are drawn from one another.
public struct Questions {
  private let folder: String
  private var document: Document
  private var written: Set<String> = []

  private struct Document: Encodable {
    let place: String
    let resolution: Int
    let contexts: [Int]
    var questions: [Entry] = []
  }

  private struct Entry: Encodable {
    let context: [FrameEntry]
    let target: FrameEntry
    let scale: Double
    let answer: String
  }

  /// - Parameters:
  ///   - folder: a new one, or an empty one.
  ///   - place, resolution, contexts: as they were asked for, to be said again with the answers.
  /// - Throws: `CaptureError`
  public init(in folder: String, place: String, resolution: Int, contexts: [Int]) throws {
    try Capture.checkFree(folder)
    self.folder = folder
    document = Document(place: place, resolution: resolution, contexts: contexts)
    try makeFolder(folder)
  }

  /// How many have been asked.
  public var count: Int { document.questions.count }

  /// Asks questions of an exam, and writes the pictures that they are answered from.
  ///
  /// - Throws: `CaptureError` or `ImageError`
  public mutating func add(_ questions: [Reconstruction.Question], of exam: Exam) throws {
    try makeFolder("\(folder)/\(exam.folder)")
    for question in questions {
      let context = try question.context.map { i in
        FrameEntry(exam.frames[i].camera, file: try write(i, of: exam))
      }
      document.questions.append(
        Entry(
          context: context, target: FrameEntry(exam.frames[question.target].camera),
          scale: exam.scale, answer: exam.file(of: question)))
    }
  }

  private mutating func write(_ i: Int, of exam: Exam) throws -> String {
    let name = "\(exam.folder)/\(number(i)).png"
    if written.insert(name).inserted {
      try writeFile(exam.frames[i].image.png(), to: "\(folder)/\(name)")
    }
    return name
  }

  /// Writes what has been asked: the last of the files.
  ///
  /// - Throws: `ImageError`
  public func finish() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try writeFile(Array(encoder.encode(document)), to: "\(folder)/questions.json")
  }

  private func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CaptureError.unwritable(file: path, reason: error.localizedDescription)
    }
  }
}

/// Pictures in a folder that answer the questions, under the names that they ask for.
public struct Answers: Sendable {
  private let folder: String

  public init(in folder: String) { self.folder = folder }

  /// The picture that answers a question of an exam.
  ///
  /// - Throws: `ImageError`, or `CaptureError` where it has another size than was asked for.
  public func image(of question: Reconstruction.Question, in exam: Exam) throws -> Image {
    let path = "\(folder)/\(exam.file(of: question))"
    let image = try Image(contentsOf: path)
    let lens = exam.frames[question.target].camera.intrinsics
    guard image.width == lens.width, image.height == lens.height else {
      throw CaptureError.invalid(
        file: path,
        reason:
          "has \(image.width) x \(image.height) pixels; asked for were \(lens.width) x \(lens.height)"
      )
    }
    return image
  }
}

extension Exam {
  /// The name of its folder: the exam's own, as far as any file system takes it.
  fileprivate var folder: String {
    String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
  }

  /// The file that answers a question, in the folder of all answers.
  fileprivate func file(of question: Reconstruction.Question) -> String {
    "\(folder)/\(number(question.target))-from-\(question.limit).png"
  }
}

private func number(_ i: Int) -> String { String(format: "%04d", i) }
