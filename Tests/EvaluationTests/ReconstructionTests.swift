import Captures
import Foundation
import Generation
import Procedural
import Scene
import TestSupport
import Testing

@testable import Evaluation

struct ReconstructionTests {
  /// Six views along a wall, each of a colour of its own.
  static let row: [Frame] = (0..<6).map { i in
    let lens = Intrinsics(width: 24, height: 24, horizontalFieldOfView: 1.2)
    let pose = Pose(position: [Double(i) * 0.2, 0, 0])
    let color = SIMD3<UInt8>(UInt8(40 * i), 90, UInt8(255 - 40 * i))
    return Frame(
      image: Image(width: 24, height: 24, color: color),
      camera: Camera(intrinsics: lens, pose: pose))
  }

  static let exam = Exam(
    name: "row", frames: row, targets: Array(row.indices), sources: Array(row.indices), scale: 1)

  /// Draws the truth, which it finds by its camera.
  static func cheat(_ exam: Exam) -> Reconstruction.Artist {
    { query, _ in exam.frames.first { $0.camera == query }!.image }
  }

  @Test func theTruthScoresPerfectly() {
    let results = Reconstruction(contexts: [1, 3]).results(of: [Self.exam], by: Self.cheat)
    #expect(results.map(\.contexts) == [1, 3])
    for result in results {
      #expect(result.whole.score == Score(psnr: 100, ssim: 1, flip: 0, msSSIM: 1))
      #expect(result.whole.targets == 6)
      #expect(result.whole.baselines["nearest"]!.psnr < 30)
      #expect(result.covered == nil && result.uncovered == nil && result.reflective == nil)
      #expect(result.families.isEmpty && result.whole.sharpness == nil, "flat pictures")
    }
  }

  /// Noise that is not there on average is gone when pictures are reduced; regions stay what they are.
  @Test func picturesAreComparedReduced() {
    let exam = Exam(procedural: 0, family: .room, side: 48)
    let noisy: (Exam) -> Reconstruction.Artist = { exam in
      { query, _ in
        var image = exam.frames.first { $0.camera == query }!.image
        for i in 0..<48 * 48 {
          let (x, y) = (i % 48, i / 48)
          let noise = (x + y) % 2 == 0 ? 8 : -8
          image[x, y] = SIMD3<UInt8>(clamping: SIMD3<Int>(truncatingIfNeeded: image[x, y]) &+ noise)
        }
        return image
      }
    }
    func results(_ reduction: Int) -> ReconstructionResult {
      var test = Reconstruction(contexts: [2])
      test.reduction = reduction
      return test.results(of: [exam], by: noisy)[0]
    }
    let (full, half) = (results(1), results(2))
    #expect(half.whole.score.psnr > full.whole.score.psnr + 1)
    #expect(half.covered!.score.psnr > full.covered!.score.psnr + 1)
    #expect(half.whole.targets == 4 && half.covered!.targets == full.covered!.targets)
  }

  @Test func aTargetIsNeverItsOwnContext() {
    var test = Reconstruction(contexts: [0, 2, 8])
    var sizes: [Int: [Int]] = [:]
    test.watch = { exam, answer in
      #expect(!answer.question.context.contains(answer.question.target))
      #expect(Set(answer.question.context).count == answer.question.context.count)
      sizes[answer.question.limit, default: []].append(answer.question.context.count)
    }
    let results = test.results(of: [Self.exam], by: Self.cheat)
    #expect(sizes[0] == Array(repeating: 0, count: 6))
    #expect(sizes[2]!.allSatisfy { (1...2).contains($0) } && sizes[2]!.contains(2))
    #expect(zip(sizes[2]!, sizes[8]!).allSatisfy { $0 <= $1 && $1 <= 5 })
    #expect(results[1].recalled == Double(sizes[2]!.reduce(0, +)) / 6)
  }

  /// A copy of the first of the context is the nearest frame or a farther one, so the baseline that
  /// picks the nearest is at least as good, and equal with one context.
  @Test func theNearestFrameIsABaseline() {
    let results = Reconstruction(contexts: [1]).results(of: [Self.exam]) { exam in
      { _, context in exam.frames[context[0]].image }
    }
    #expect(results[0].whole.score == results[0].whole.baselines["nearest"])
  }

  /// Of a procedural world, what the context shows can be copied by whoever knows the depth; here by
  /// an artist who knows the truth there and paints the rest black.
  @Test func coveredAndNotCoveredAreToldApart() throws {
    let exam = Exam(procedural: 0, family: .room, side: 48)
    #expect(exam.frames.count == 16 && exam.targets.count == 4 && exam.sources.count == 12)
    #expect(Set(exam.targets).isDisjoint(with: exam.sources))
    let world = ProceduralWorld(.room, seed: 0xE7A1_0000_0000_0000)
    let films = exam.frames.map { world.film($0.camera) }
    let results = Reconstruction(contexts: [0, 1]).results(of: [exam]) { exam in
      { query, context in
        let target = exam.frames.firstIndex { $0.camera == query }!
        var image = exam.frames[target].image
        let seen = context.map { films[target].visibility(from: films[$0]) }
        for i in 0..<48 * 48 where !seen.contains(where: { $0[i] }) {
          image[i % 48, i / 48] = [0, 0, 0]
        }
        return image
      }
    }
    #expect(results[0].covered == nil)
    #expect(results[0].uncovered?.score == results[0].whole.score)
    #expect(try #require(results[1].covered).score.psnr == 100)
    #expect(try #require(results[1].uncovered).score.psnr < 20)
  }

  /// An artist who knows the truth but in mirrors, which it paints black.
  @Test func mirrorsAreScoredByThemselves() throws {
    let exams = (0..<8).map { Exam(procedural: $0, family: .room, side: 32) }
    let mirrors = exams.map { exam in exam.targets.map { exam.reflective($0)! } }
    #expect(mirrors.joined().contains { $0.contains(true) }, "no room has a mirror")
    let results = Reconstruction(contexts: [2]).results(of: exams) { exam in
      { query, _ in
        let target = exam.frames.firstIndex { $0.camera == query }!
        var image = exam.frames[target].image
        for (i, isMirror) in exam.reflective(target)!.enumerated() where isMirror {
          image[i % 32, i / 32] = [0, 0, 0]
        }
        return image
      }
    }
    let worth = mirrors.joined().count { $0.count { $0 } * 100 >= 32 * 32 }
    let reflective = try #require(results[0].reflective)
    #expect((1...worth).contains(reflective.targets) && reflective.score.psnr < 30)
    #expect(results[0].whole.score.psnr > reflective.score.psnr + 10)
  }

  @Test func familiesHaveResultsOfTheirOwn() throws {
    func exam(_ group: String, brightness: Int) -> Exam {
      Exam(
        name: group, group: group, frames: Self.row, targets: [2], sources: [0, 1, 3, 4, 5],
        scale: Double(brightness))
    }
    // The exam's scale tells the artist by how much to be wrong.
    let exams = [exam("a", brightness: 1), exam("b", brightness: 5), exam("b", brightness: 5)]
    let results = Reconstruction(contexts: [1]).results(of: exams) { exam in
      { _, _ in
        var image = exam.frames[2].image
        for i in image.pixels.indices { image.pixels[i] += UInt8(exam.scale) }
        return image
      }
    }
    let psnrs = results[0].families.mapValues(\.whole.score.psnr)
    let expected = ["a": 20 * log10(255.0), "b": 20 * log10(255.0 / 5)]
    for (name, psnr) in expected { #expect(abs(psnrs[name]! - psnr) < 1e-9) }
    #expect(results[0].families["b"]?.whole.targets == 2 && results[0].whole.targets == 3)
    let mean = (expected["a"]! + 2 * expected["b"]!) / 3
    #expect(abs(results[0].whole.score.psnr - mean) < 1e-9)
  }

  @Test func aDocumentHasTheKeysThatOthersRead() throws {
    let exam = Exam(procedural: 1, family: .room, side: 32)
    let results = Reconstruction(contexts: [2]).results(of: [exam], by: Self.cheat)
    let data = try JSONEncoder().encode(results)
    let array = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    #expect(array[0]["contexts"] as? Int == 2 && array[0]["sharpness"] as? Double == 1)
    #expect((array[0]["families"] as? [String: Any])?["room"] != nil)
    for part in [array[0], try #require(array[0]["covered"] as? [String: Any])] {
      #expect(part["psnr"] as? Double == 100)
      #expect(part["ssim"] is Double && part["flip"] is Double)
      let baselines = try #require(part["baselines"] as? [String: [String: Double]])
      #expect(baselines.keys.sorted() == ["nearest", "warp"])
      for scores in baselines.values {
        #expect(Set(["flip", "psnr", "ssim"]).isSubset(of: scores.keys))
      }
    }
  }

  @Test func aMaskAtTheBorderGivesNoScore() {
    let image = Image(width: 24, height: 24, color: [9, 9, 9])
    let corner = (0..<24 * 24).map { $0 % 24 < 3 }
    #expect(Score(of: image, against: image, mask: corner) == nil)
  }

  // MARK: Captures

  /// Runs `body` with a capture on disk that has these splits.
  private func withSplits(_ splits: String, _ body: (String, Capture) throws -> Void) throws {
    try Package.withTemporaryFolder { folder in
      try Capture.write(frames: Self.row, up: [0, -1, 0], scale: 1, to: folder)
      try Data(splits.utf8).write(to: URL(fileURLWithPath: folder + "/splits.json"))
      try body(folder, try Capture(contentsOf: folder))
    }
  }

  @Test func everyFrameOfACaptureIsDrawnFromTheOthers() throws {
    try withSplits("{}") { _, capture in
      let exam = try Exam(capture, side: 16)
      #expect(exam.targets == Array(0..<6) && exam.sources == exam.targets)
      #expect(exam.frames.allSatisfy { $0.image.width == 16 })
    }
  }

  @Test func aSplitSaysWhatIsHeldOut() throws {
    let splits = """
      {"two": {"context": ["images/0001.png", "images/0006.png"], "target": ["images/0003.png"]},
       "lost": {"context": [], "target": ["images/0009.png"]}}
      """
    try withSplits(splits) { folder, capture in
      let exam = try Exam(capture, side: 16, split: Exam.Split(named: "two", in: folder))
      #expect(exam.sources == [0, 5] && exam.targets == [2])
      expectComplaint(naming: "lost, two") { _ = try Exam.Split(named: "three", in: folder) }
      expectComplaint(naming: "images/0009.png") {
        _ = try Exam(capture, side: 16, split: Exam.Split(named: "lost", in: folder))
      }
    }
  }

  @Test(arguments: ["", "[]", #"{"a": 1}"#, #"{"a": {"context": [1], "target": []}}"#])
  func brokenSplitsAreOneLineOfComplaint(json: String) throws {
    try withSplits(json) { folder, _ in
      expectComplaint(naming: "splits.json") { _ = try Exam.Split(named: "a", in: folder) }
    }
  }

  private func expectComplaint(naming part: String, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("no error")
    } catch {
      let text = "\(error)"
      #expect(error is CaptureError && text.contains(part) && !text.contains("\n"), "\(text)")
    }
  }
}
