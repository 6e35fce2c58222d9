import Foundation
import Images
import Memory
import Scene
import StandIn

/// A long walk with the real memory and the real file; only the pixels are a stand-in's.
struct Hour {
  /// How things stood after so many frames.
  struct Mark {
    var frame: Int
    var milliseconds: Double
    var memory: Double
    var file: Double
    var keyframes: Int
  }

  private(set) var marks: [Mark] = []
  private static let stretch = 2000

  /// Walks at 1.4 m/s through a hall of 40 x 28 m, looking about, at 60 frames a second.
  static func camera(_ frame: Int) -> Camera {
    let t = Double(frame) / 60
    let position = SIMD3(20 * sin(t * 0.05), 14 * sin(t * 0.0731), 0)
    let heading = t * 0.05 + sin(t * 0.31) * 2
    return Camera(
      intrinsics: Intrinsics(width: 128, height: 128, horizontalFieldOfView: 1.2),
      pose: Pose(at: position, facing: [cos(heading), sin(heading), 0], up: [0, 0, 1]))
  }

  init(frames: Int, world path: String) throws {
    try WorldFile.create(at: path, place: StandIn.place, count: 0) { StandIn.keyframe($0) }
    let file = try WorldFile(at: path)
    file.begin(WalkRecord(id: 1, known: 0, model: "stand-in", weights: "", settings: "{}"))
    var memory = SpatialMemory<Void>(scale: 2)
    var start = ContinuousClock.now
    for frame in 0..<frames {
      let camera = Self.camera(frame)
      let context = memory.recall(for: camera, limit: 4)
      let generation = memory.generation(of: camera, from: context)
      if let id = memory.admit((), camera: camera, generation: generation) {
        let picture = ImageFile(StandIn.image(frame, side: 128))
        file.add(
          KeyframeRecord(
            id: id, camera: camera, generation: generation, picture: picture, walk: 1))
      }
      file.log(camera, walk: 1, frame: frame)
      if (frame + 1) % Self.stretch == 0 {
        let time = (.now - start) / .milliseconds(Self.stretch)
        marks.append(
          Mark(
            frame: frame + 1, milliseconds: time, memory: Self.residentMegabytes,
            file: Self.megabytes(path) + Self.megabytes(path + "-wal"), keyframes: memory.count))
        say("\(marks.last!)")
        start = .now
      }
    }
    try file.close()
  }

  /// Frame time, memory and file over the frames, one below the other.
  var plot: Image {
    let plots = [
      chart("Frame time without the network", "ms") { $0.milliseconds },
      chart("Memory of the process", "MB") { $0.memory },
      chart("World file", "MB") { $0.file },
      chart("Keyframes", "") { Double($0.keyframes) },
    ]
    return Image(
      width: plots[0].width, height: plots[0].height * plots.count,
      pixels: plots.flatMap(\.pixels))
  }

  private func chart(_ title: String, _ unit: String, _ value: (Mark) -> Double) -> Image {
    var plot = LinePlot(title: title, x: "frame", y: unit)
    plot.add("", marks.map { SIMD2(Double($0.frame), value($0)) })
    return plot.image(width: 800, height: 240)
  }

  private static func megabytes(_ path: String) -> Double {
    var status = stat()
    return stat(path, &status) == 0 ? Double(status.st_size) / 1e6 : 0
  }

  /// Linux's count of the pages that the process has in memory.
  private static var residentMegabytes: Double {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
  }
}
