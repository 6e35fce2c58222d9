import CTracer
import Dispatch
import Scene

extension Scenery {
  /// What a camera sees: the same pixels always, however many threads work on it.
  func film(_ camera: Camera, samples: Int, threads: Int) -> Film {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height)
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    var depth = [Float](repeating: 0, count: width * height)
    var reflective = [UInt8](repeating: 0, count: width * height)
    pixels.withUnsafeMutableBufferPointer { pixels in
      depth.withUnsafeMutableBufferPointer { depth in
        reflective.withUnsafeMutableBufferPointer { reflective in
          expose(
            tracer_camera(camera), samples: max(1, samples), threads: threads,
            Plate(
              pixels: pixels.baseAddress!, depth: depth.baseAddress!,
              reflective: reflective.baseAddress!))
        }
      }
    }
    return Film(
      frame: Frame(image: Image(width: width, height: height, pixels: pixels), camera: camera),
      depth: depth, reflective: reflective)
  }

  /// The normals of what a camera's pixels show, in world axes; 0 for the sky.
  func normals(_ camera: Camera) -> [SIMD3<Float>] {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height)
    var camera = tracer_camera(camera)
    var numbers = [Float](repeating: 0, count: width * height * 3)
    tracer_normals(pointer, &camera, 0, Int32(height), &numbers)
    return (0..<width * height).map { [numbers[$0 * 3], numbers[$0 * 3 + 1], numbers[$0 * 3 + 2]] }
  }

  /// Where the tracer writes a whole image; threads write different rows.
  private struct Plate: @unchecked Sendable {
    let pixels: UnsafeMutablePointer<UInt8>
    let depth: UnsafeMutablePointer<Float>
    let reflective: UnsafeMutablePointer<UInt8>
  }

  private func expose(_ camera: tracer_camera, samples: Int, threads: Int, _ plate: Plate) {
    let height = Int(camera.height)
    let bands = min(max(1, threads), height)
    let work = { @Sendable (band: Int) in
      var camera = camera
      let first = height * band / bands
      tracer_film(
        self.pointer, &camera, Int32(samples), Int32(first),
        Int32(height * (band + 1) / bands - first), plate.pixels, plate.depth, plate.reflective)
    }
    if bands == 1 {
      work(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: bands, execute: work)
    }
  }
}

extension tracer_camera {
  init(_ camera: Camera) {
    let (lens, pose) = (camera.intrinsics, camera.pose)
    self.init(
      position: single(pose.position), right: single(pose.right), down: single(pose.down),
      forward: single(pose.forward), focal: (Float(lens.focal.x), Float(lens.focal.y)),
      center: (Float(lens.center.x), Float(lens.center.y)), width: Int32(lens.width),
      height: Int32(lens.height))
  }
}
