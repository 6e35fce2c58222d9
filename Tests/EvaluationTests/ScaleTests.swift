import Captures
import Foundation
import Procedural
import Scene
import Testing

/// What a capture's pictures say about its scale, against what the tracer knows.
struct ScaleTests {
  @Test(arguments: ProceduralWorld.Family.allCases, [1, 2])
  func picturesTellHowFarAwayThingsAre(family: ProceduralWorld.Family, seed: Int) throws {
    let world = ProceduralWorld(family, seed: UInt64(900 + seed), style: .daylight)
    let lens = world.lens(width: 96, height: 96)
    let films = world.walk(count: 24, intrinsics: lens, seed: 0).map { world.film($0, threads: 2) }
    let folder = NSTemporaryDirectory() + "rtfm-scale-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Capture.write(frames: films.map(\.frame), up: [0, 0, 1], scale: 1, to: folder)
    let file = URL(fileURLWithPath: "\(folder)/transforms.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let unsaid = text.replacing("rtfm_scale", with: "somebody_elses")
    try Data(unsaid.utf8).write(to: file)

    let depths = films.flatMap(\.depth).sorted()
    let truth = Double(depths[depths.count / 2])
    let capture = try Capture(contentsOf: folder)
    let depth = capture.scale * Capture.trainedDepth
    #expect(truth / 2 < depth && depth < truth * 2, "\(depth) for \(truth) m")
  }
}
