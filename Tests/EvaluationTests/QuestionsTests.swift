import Captures
import Foundation
import Images
import Procedural
import Scene
import TestSupport
import Testing

@testable import Evaluation

/// What other programs are asked, and how their answers are measured.
struct QuestionsTests {
  private let test = Reconstruction(contexts: [1, 3])

  private struct Asked: Decodable {
    let place: String
    let resolution: Int
    let contexts: [Int]
    let questions: [Question]

    struct Question: Decodable {
      let context: [Camera]
      let target: Camera
      let scale: Double
      let answer: String
    }

    // As another program reads it.
    struct Camera: Decodable {
      let w: Int
      let h: Int
      let flX: Double
      let cx: Double
      let transformMatrix: [[Double]]
      let filePath: String?
    }
  }

  /// Writes an exam's questions into a folder, and reads them back as another program does.
  private func ask(_ exam: Exam, in folder: String) throws -> Asked {
    var questions = try Questions(in: folder, place: "here", resolution: 24, contexts: [1, 3])
    try questions.add(test.questions(of: exam), of: exam)
    try questions.finish()
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/questions.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Asked.self, from: data)
  }

  @Test func questionsSayWhatIsDrawnFromWhat() throws {
    let exam = Exam(procedural: 0, family: .room, side: 24)
    try Package.withTemporaryFolder { folder in
      let asked = try ask(exam, in: folder)
      #expect(asked.place == "here" && asked.resolution == 24 && asked.contexts == [1, 3])
      #expect(asked.questions.count == 8 && Set(asked.questions.map(\.answer)).count == 8)
      #expect(asked.questions[0].answer == "room-0/0002-from-1.png")
      for (said, question) in zip(asked.questions, test.questions(of: exam)) {
        let target = exam.frames[question.target].camera
        let lens = target.intrinsics
        #expect(said.scale == exam.scale && said.target.filePath == nil)
        #expect(said.target.w == 24 && said.target.h == 24)
        #expect(said.target.flX == lens.focal.x && said.target.cx == lens.center.x)
        // OpenGL's z points backwards.
        let forward = target.pose.rotation * [0, 0, 1]
        let matrix = said.target.transformMatrix
        for i in 0..<3 {
          #expect(matrix[i][2] == -forward[i] && matrix[i][3] == target.pose.position[i])
        }
        #expect(said.context.count == question.context.count && !said.context.isEmpty)
        for (context, i) in zip(said.context, question.context) {
          let picture = try Image(contentsOf: "\(folder)/\(try #require(context.filePath))")
          #expect(picture == exam.frames[i].image)
          #expect(context.transformMatrix[0][3] == exam.frames[i].camera.pose.position.x)
        }
      }
      let truths = exam.targets.map { exam.frames[$0].image.png() }
      for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/room-0") {
        #expect(
          try !truths.contains(
            [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/room-0/\(name)")))))
      }
    }
  }

  /// The truth is perfect, and a copy of the only picture is what the nearest-frame baseline is.
  @Test func answersAreMeasured() throws {
    let exam = Exam(procedural: 1, family: .room, side: 24)
    try Package.withTemporaryFolder { folder in
      let asked = try ask(exam, in: "\(folder)/exam")
      for (said, question) in zip(asked.questions, test.questions(of: exam)) {
        let answer = "\(folder)/answers/\(said.answer)"
        let url = URL(fileURLWithPath: answer).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let copied = exam.frames[question.limit == 1 ? question.context[0] : question.target].image
        try copied.writePNG(to: answer)
      }
      let answers = Answers(in: "\(folder)/answers")
      let results = try test.results(of: [exam]) { exam in
        { (question) throws -> Image in try answers.image(of: question, in: exam) }
      }
      #expect(results[0].whole.score == results[0].whole.baselines["nearest"])
      #expect(results[0].covered?.score == results[0].covered?.baselines["nearest"])
      #expect(results[1].whole.score.psnr == 100 && results[1].whole.targets == 4)
    }
  }

  @Test func anAnswerThatIsMissingOrTooLargeIsNamed() throws {
    let exam = Exam(procedural: 1, family: .room, side: 24)
    let question = test.questions(of: exam)[0]
    try Package.withTemporaryFolder { folder in
      let answers = Answers(in: folder)
      let name = "room-1/0002-from-1.png"
      #expect { try answers.image(of: question, in: exam) } throws: { "\($0)".contains(name) }
      try FileManager.default.createDirectory(
        atPath: "\(folder)/room-1", withIntermediateDirectories: true)
      try Image(width: 32, height: 24).writePNG(to: "\(folder)/\(name)")
      #expect { try answers.image(of: question, in: exam) } throws: {
        "\($0)".contains(name) && "\($0)".contains("32 x 24") && "\($0)".contains("24 x 24")
      }
    }
  }

  @Test func aFolderThatIsInUseIsLeftAlone() throws {
    try Package.withTemporaryFolder { folder in
      try Image(width: 2, height: 2).writePNG(to: "\(folder)/mine.png")
      #expect(throws: CaptureError.self) {
        _ = try Questions(in: folder, place: "here", resolution: 24, contexts: [1])
      }
    }
  }
}
