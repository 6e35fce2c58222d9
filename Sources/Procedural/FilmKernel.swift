import CTracer
public import Scene

/// The tracer as a GPU takes it: its source text, and worlds and cameras as plain bytes.
///
/// It is the text that the CPU's tracer is compiled from, so that both film the same pictures.
public enum FilmKernel {
  /// The kernels' names in their text: the one that works out each camera's lens, and the one that
  /// films.
  public static let functions = (lens: "lens", film: "film")

  /// What the first kernel leaves for the second, in bytes a camera.
  public static var lensBytes: Int { MemoryLayout<tracer_lens>.stride }

  /// The kernel's own text; nil where the compiler that built this program could not embed it
  /// (clang before version 19).
  public static var text: String? { sources.first?.text }

  /// What the text includes, by name.
  public static var headers: [(name: String, text: String)] { Array(sources.dropFirst()) }

  /// Options that the text needs: sizes of what the CPU lays out, so that another layout does not
  /// compile; functions without a place are the GPU's; arithmetic as free as the CPU's.
  public static var options: [String] {
    [
      "-DTRACER_SCENE_BYTES=\(tracer_scene_bytes())", "-DTRACER_LENS_BYTES=\(lensBytes)",
      "--device-as-default-execution-space", "--use_fast_math",
    ]
  }

  /// Worlds one after the other, as the kernel reads them.
  public static func bytes(of worlds: [ProceduralWorld]) -> [UInt8] {
    worlds.flatMap {
      UnsafeRawBufferPointer(
        start: UnsafeRawPointer($0.scenery.pointer), count: Int(tracer_scene_bytes()))
    }
  }

  /// Cameras one after the other, as the kernel reads them.
  public static func bytes(of cameras: [Camera]) -> [UInt8] {
    cameras.flatMap { camera in withUnsafeBytes(of: tracer_camera(camera)) { Array($0) } }
  }

  private static var sources: [(name: String, text: String)] {
    var count: Int32 = 0
    let first = tracer_sources(&count)
    return UnsafeBufferPointer(start: first, count: Int(count)).map {
      (String(cString: $0.name), String(cString: $0.text))
    }
  }
}

extension FilmKernel {
  /// What a GPU would film, by its own form of the tracer on one core: slow, for comparison.
  public static func film(_ world: ProceduralWorld, _ camera: Camera, samples: Int = 4) -> Film {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height)
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    var depth = [Float](repeating: 0, count: width * height)
    var reflective = [UInt8](repeating: 0, count: width * height)
    var lens = tracer_camera(camera)
    tracer_film_one_lane_culled(
      world.scenery.pointer, &lens, Int32(max(1, samples)), &pixels, &depth, &reflective)
    return Film(
      frame: Frame(image: Image(width: width, height: height, pixels: pixels), camera: camera),
      depth: depth, reflective: reflective)
  }
}
