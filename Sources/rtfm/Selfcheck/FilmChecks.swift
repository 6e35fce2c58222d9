import Filming
import Foundation
import Procedural
import Scene
import Torch

/// Films of every family of worlds: a GPU's against the CPU's; on a CPU, the form that GPUs run.
struct FilmChecks {
  /// `rate`: frames a second.
  let checks: [Check]
  let rate: (name: String, framesPerSecond: Double)

  init(on device: Device) throws {
    let gpu = device == .cpu ? nil : try GPUFilm(on: device)
    checks = ProceduralWorld.Family.allCases.flatMap { Self.compare($0, gpu) }
    rate = gpu.map(Self.rate) ?? Self.rateOfCPU()
  }

  private static func takes(
    _ family: ProceduralWorld.Family, worlds: Int, cameras: Int, side: Int
  ) -> [(world: ProceduralWorld, cameras: [Camera])] {
    (0..<worlds).map { seed in
      let world = ProceduralWorld(family, seed: 900 + UInt64(seed))
      let lens = world.lens(width: side, height: side)
      return (world, world.walk(count: cameras, intrinsics: lens, seed: 2))
    }
  }

  private static func compare(_ family: ProceduralWorld.Family, _ gpu: GPUFilm?) -> [Check] {
    let takes = takes(family, worlds: 3, cameras: 2, side: gpu == nil ? 48 : 96)
    let shots = takes.flatMap { take in take.cameras.map { (take.world, $0) } }
    let films = shots.map { $0.film($1) }
    let truth = Films(films)
    let found = gpu?.film(takes) ?? Films(shots.map { FilmKernel.film($0, $1) })
    let (a, b) = (found.pixels.bytes, truth.pixels.bytes)
    let unlike = zip(a, b).count { abs(Int($0) - Int($1)) > 2 }
    let apart = zip(found.depth.floats, truth.depth.floats).count { abs($0 - $1) > 1e-3 * $1 }
    let mirrors = zip(found.reflective.bytes, truth.reflective.bytes).count { $0 != $1 }
    let pixels = Double(truth.depth.count)
    // What the second camera in a world shows of the first one's film.
    let pairs = takes.indices.map { (2 * $0, 2 * $0 + 1) }
    let shown = found.visibility(of: pairs.map(\.0), from: pairs.map(\.1)).bytes
    let shows = pairs.flatMap { films[$0].visibility(from: films[$1]) }
    let masks = zip(shown, shows).count { ($0 == 1) != $1 }
    return [
      Check(
        "film, \(family)", "share off by > 2/255", error: Double(unlike) / (3 * pixels),
        within: 1e-3),
      Check("film, \(family)", "share of depths off", error: Double(apart) / pixels, within: 2e-3),
      Check(
        "film, \(family)", "share of mirrors off", error: Double(mirrors) / pixels, within: 2e-3),
      Check(
        "film, \(family)", "share of what is shown off",
        error: Double(masks) / Double(shows.count), within: 5e-3),
    ]
  }

  /// 256 pixels, 4 samples, 4 views of each of 64 worlds of all families a launch.
  private static func rate(_ gpu: GPUFilm) -> (name: String, framesPerSecond: Double) {
    let families = ProceduralWorld.Family.allCases
    let takes = (0..<64).flatMap { i in
      Self.takes(families[i % families.count], worlds: 1, cameras: 4, side: 256)
    }
    let rate = framesPerSecond(for: 3) {
      _ = gpu.film(takes)
      gpu.device.synchronize()
      return 256
    }
    return ("256 px, 4 samples", rate)
  }

  private static func rateOfCPU() -> (name: String, framesPerSecond: Double) {
    let take = takes(ProceduralWorld.Family.allCases[0], worlds: 1, cameras: 8, side: 128)[0]
    let rate = framesPerSecond(for: 0.5) {
      for camera in take.cameras { _ = take.world.film(camera) }
      return take.cameras.count
    }
    return ("128 px, 4 samples, one core", rate)
  }

  /// Does the work once to warm up, then again and again.
  private static func framesPerSecond(for seconds: Double, _ work: () -> Int) -> Double {
    _ = work()
    let clock = ContinuousClock()
    let start = clock.now
    var frames = 0
    repeat { frames += work() } while clock.now < start + .seconds(seconds)
    return Double(frames) / ((clock.now - start) / .seconds(1))
  }
}
