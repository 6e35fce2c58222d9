import Filming
import Generation
import Procedural
import Scene
import Torch

/// A shard's films as tensors on the device that trains, whoever filmed them.
///
/// Letters: S scenes, C contexts of each, J targets of each.
struct Footage {
  let contexts: [[Camera]]  // S x C
  let contextImages: Tensor?  // [S C, 3, Y, X] in -1...1; nil for no contexts
  /// The contexts', along z, in network units; nil for no contexts, or where nobody asked.
  let contextDepth: Tensor?  // [S C, Y, X]
  let targets: [Camera]  // S J
  let images: Tensor  // [S J, 3, Y, X]
  /// The targets', along z, in network units; nil where nobody knows.
  let depth: Tensor?  // [S J, Y, X]
  /// 1 where each of the scene's contexts shows what a target sees, else 0; nil where nobody asked, or
  /// for no contexts.
  let shown: Tensor?  // [S J, C, Y, X]
  /// World units a network unit.
  let scales: [Double]  // S
  /// J.
  let perScene: Int
}

extension Footage {
  /// What a CPU filmed, brought to a device.
  init(_ shard: Shard, on device: Device) {
    let frames = shard.targets.flatMap { $0 }
    let (w, h) = (frames[0].image.width, frames[0].image.height)
    contexts = shard.contexts.map { $0.map(\.camera) }
    contextImages =
      shard.contexts[0].isEmpty ? nil : Batch.images(shard.contexts.flatMap { $0 }, on: device)
    func inUnits(_ depths: [[Float]]) -> Tensor {
      let metres = Tensor(depths.flatMap { $0 }, shape: [depths.count, h, w])
      return Self.inUnits(metres, shard.scales).sent(to: device)
    }
    contextDepth = shard.contextDepths.flatMap { $0.isEmpty ? nil : inUnits($0) }
    targets = frames.map(\.camera)
    images = Batch.images(frames, on: device)
    depth = shard.depths.map(inUnits)
    shown = shard.shown.flatMap { flags in
      flags[0].isEmpty ? nil : Self.bytes(flags, height: h, width: w).sent(to: device).to(.float32)
    }
    (scales, perScene) = (shard.scales, shard.targets[0].count)
  }

  /// Flags of targets, contexts and pixels, as bytes.
  private static func bytes(_ flags: [[[Bool]]], height: Int, width: Int) -> Tensor {
    flags.joined().flatMap { $0.map { $0 ? UInt8(1) : 0 } }.withUnsafeBytes {
      Tensor(bytes: $0, shape: [flags.count, flags[0].count, height, width], type: .uint8)
    }
  }

  /// Metres, scene by scene `[.., Y, X]`, in network units.
  private static func inUnits(_ metres: Tensor, _ scales: [Double]) -> Tensor {
    let units = Tensor(scales.map { Float(1 / $0) }, shape: [scales.count, 1])
    let rows = metres.reshaped(scales.count, -1) * units.sent(to: metres.device)
    return rows.reshaped(metres.shape)
  }
}

extension Footage {
  /// Has a GPU film what was planned, into its own memory; nobody waits for it.
  init(_ script: Script, by camera: GPUFilm) {
    self.init(script, camera.film(script.scenes.map { ($0.world, $0.cameras) }))
  }

  /// Picks contexts and targets out of the films of a script's cameras, scene by scene.
  init(_ script: Script, _ films: Films) {
    let device = films.pixels.device
    let first = script.scenes.indices.map { i in
      script.scenes[..<i].map(\.cameras.count).reduce(0, +)
    }
    // Numbers of films: the contexts' of each scene, and the targets'.
    let shots = script.scenes.indices.map { i in
      (0..<script.contextCount).map { first[i] + $0 }
    }
    let aims = script.scenes.indices.flatMap { i in
      script.scenes[i].targets.map { first[i] + $0 }
    }
    contexts = script.scenes.map { Array($0.cameras[..<$0.contextCount]) }
    targets = script.scenes.flatMap { scene in scene.targets.map { scene.cameras[$0] } }
    let all = films.images
    let seen = script.contextCount == 0 ? nil : Tensor(shots.flatMap { $0 }).sent(to: device)
    contextImages = seen.map { all.rows($0) }
    contextDepth =
      script.contextDepths
      ? seen.map { Self.inUnits(films.depth.rows($0), script.scales) } : nil
    let aimed = Tensor(aims).sent(to: device)
    images = all.rows(aimed)
    depth = Self.inUnits(films.depth.rows(aimed), script.scales)
    (scales, perScene) = (script.scales, script.targetsPerScene)
    shown =
      script.visibility && script.contextCount > 0
      ? Self.shown(aims, by: shots, perScene: perScene, films) : nil
  }

  /// What each of a scene's contexts shows of its targets.
  private static func shown(
    _ targets: [Int], by contexts: [[Int]], perScene: Int, _ films: Films
  ) -> Tensor {
    let flags = contexts[0].indices.map { c in
      let others = contexts.flatMap { Array(repeating: $0[c], count: perScene) }
      return films.visibility(of: targets, from: others).to(.float32)
    }
    return Tensor.stacked(flags, axis: 1)
  }
}
