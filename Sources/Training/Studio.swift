import Filming
import Foundation
import Procedural
import Torch

/// Where a run's films come from: from threads that plan and film ahead; or, where an NVIDIA GPU
/// trains, from threads that only plan, and the GPU films a shard when its turn comes. Photographs come
/// from albums.
///
///     let studio = Studio(plan, [], from: 0, on: device)
///     let batches = studio.next().map { studio.develop($0) }  // of step 0, then 1, ...
final class Studio {
  /// A shard as threads hand it over.
  enum Shot: Sendable {
    case planned(Script)
    case filmed(Shard)

    var extent: Extent {
      switch self {
      case .planned(let script): script.extent
      case .filmed(let shard): shard.extent
      }
    }
  }

  private let device: Device
  private let camera: GPUFilm?
  private let shots: [Prefetcher<Shot>]
  /// Who films, and if it is not the GPU that trains, why not.
  let description: String

  /// - Parameters:
  ///   - albums: the plan's captures.
  ///   - step: the first to be filmed.
  ///   - filmsThere: whether a GPU that trains is to film, where it can.
  init(
    _ plan: Plan, _ albums: [Album] = [], from step: Int, on device: Device,
    filmsThere: Bool = true
  ) {
    self.device = device
    let (camera, reason) = Self.camera(on: device, wanted: filmsThere)
    self.camera = camera
    let threads = Self.threads(for: device, shards: plan.shards)
    let films =
      camera.map { "films by \($0.device.name), planned by \(threads * plan.shards) threads" }
      ?? "films by \(threads * plan.shards) CPU threads" + (reason.map { ": \($0)" } ?? "")
    description = Self.description(of: albums, share: plan.captureShare, beside: films)
    let plansOnly = camera != nil
    shots = (0..<plan.shards).map { i in
      Prefetcher(from: step, ahead: 2 + threads, threads: threads) {
        if plan.isPhotographed(step: $0, index: i) {
          return .filmed(Shard(plan, of: albums, step: $0, index: i))
        }
        let script = Script(plan, step: $0, index: i)
        return plansOnly ? .planned(script) : .filmed(Shard(script))
      }
    }
  }

  /// Who photographed and who films.
  private static func description(
    of albums: [Album], share: Double, beside films: String
  ) -> String {
    guard !albums.isEmpty else { return films }
    let learned = albums.map(\.learned.count).reduce(0, +)
    let held = albums.map(\.heldOut.count).reduce(0, +)
    let what = albums.contains(where: \.isOfTiles) ? "photographs and tiles" : "photographs"
    let photos = "\(learned) \(what), and \(held) held out"
    return share < 1 ? "\(photos); \(films)" : photos
  }

  /// The shards of the next step; waits for them.
  func next() -> [Shot] { shots.map { $0.next() } }

  /// A shard's films on the device.
  func develop(_ shot: Shot) -> Footage {
    switch shot {
    case .filmed(let shard): return Footage(shard, on: device)
    case .planned(let script):
      guard let camera else { preconditionFailure("Studio: a GPU's shots need a GPU") }
      return Footage(script, by: camera)
    }
  }

  private static func camera(on device: Device, wanted: Bool) -> (GPUFilm?, reason: String?) {
    guard case .cuda = device else { return (nil, nil) }
    guard wanted else { return (nil, "as was asked for") }
    do { return (try GPUFilm(on: device), nil) } catch {
      return (nil, "the GPU can't film (\(error)), and will wait for them")
    }
  }

  /// How many threads work ahead for each shard: beside a CPU that trains, one; beside a GPU, all
  /// cores but two, which keep the GPU busy.
  static func threads(for device: Device, shards: Int) -> Int {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return device == .cpu ? 1 : max(1, (cores - 2) / shards)
  }
}
