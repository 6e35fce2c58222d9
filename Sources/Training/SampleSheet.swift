import Foundation
import Generation
import Images
import Layers
public import Scene
import Torch

extension Trainer {
  /// Six worlds that training never sees, drawn by the averaged model: context | truth | model; and
  /// how well these and 18 more were drawn. Where photographs are held out, the sheet is of them, and
  /// worlds are drawn only if they are learned from, too.
  public func sample() -> (sheet: Image, quality: Quality) {
    let photographs = samplePhotographs()
    if plan.captureShare == 1, let photographs { return photographs }
    let worlds = sampleWorlds()
    var quality = worlds.quality
    quality.photographs = photographs?.quality.photographs
    quality.tiles = photographs?.quality.tiles
    return (photographs?.sheet ?? worlds.sheet, quality)
  }

  /// Held-out photographs, as many as 24, each from 4 others, and as many of their tiles; nil where
  /// none are.
  private func samplePhotographs() -> (sheet: Image, quality: Quality)? {
    guard let whole = sample(albums.filter { !$0.isOfTiles }) else { return nil }
    let tiles = sample(albums.filter(\.isOfTiles))
    return (whole.sheet, Quality(photographs: whole.error, tiles: tiles?.error))
  }

  private func sample(_ albums: [Album]) -> (sheet: Image, error: Double)? {
    guard let shard = Shard(heldOutOf: albums, contexts: 4, limit: 24) else { return nil }
    let drawn = draw(shard)
    return (sheet(shard, drawn), Quality.error(drawn, shard.targets.flatMap { $0.map(\.image) }))
  }

  private func sampleWorlds() -> (sheet: Image, quality: Quality) {
    let shard = heldOutWorlds
    let drawn = draw(shard)
    let truths = shard.targets.flatMap { $0.map(\.image) }
    let shown = shard.shown!.map { byContexts in
      byContexts[0].indices.map { i in byContexts.contains { $0[i] } }
    }
    return (sheet(shard, drawn), Quality(drawn, truths, shown: shown))
  }

  /// A row for each of the first six scenes.
  private func sheet(_ shard: Shard, _ drawn: [Image]) -> Image {
    let extent = shard.extent
    var sheet = ContactSheet(columns: extent.contexts + 2 * extent.targets)
    for (i, (contexts, targets)) in zip(shard.contexts, shard.targets).prefix(6).enumerated() {
      for frame in contexts { sheet.add(frame.image, caption: "context") }
      for (j, target) in targets.enumerated() {
        sheet.add(target.image, caption: "truth")
        sheet.add(drawn[i * targets.count + j], caption: "model")
      }
    }
    return sheet.image()
  }

  /// One step from zeros for every target of a shard.
  private func draw(_ shard: Shard) -> [Image] {
    Runtime.inference {
      let batch = Batch(shard, plan: plan, step: 0, index: 0, on: average.device)
      let recalled = batch.encoding(by: average).map { batch.recalled($0, by: average) }
      let z = Tensor.zeros(batch.truth.shape, on: average.device)
      let t = Tensor.zeros([batch.targets.count], on: average.device)
      let lenses = Lenses(batch.targets.map(\.intrinsics))
      let p = average.predict(z, t: t, lenses, recalled: recalled)
      return batch.targets.indices.map { p.image.narrowed(0, $0..<$0 + 1).image }
    }
  }
}

extension Shard {
  /// Two targets and two contexts of each of 24 worlds that training never sees.
  init(ofHeldOutWorlds plan: Plan) {
    var plan = plan
    plan.seed = 0x5A3B1E
    plan.worlds = nil
    plan.shards = 1
    plan.scenesPerShard = 24
    plan.targetsPerScene = 2
    (plan.revisits, plan.recallShare, plan.detail) = (0, 0, 1)
    plan.contextShares = [0, 0, 1]
    self.init(plan, step: 0, index: 0, visibility: true)
  }
}

/// How well held-out targets were drawn, in one step from zeros.
public struct Quality: Codable, Hashable, Sendable {
  /// Mean squared errors of colours in -1...1, as in the loss: over all pixels, over those that a
  /// context shows, and over the others; nil where there are none.
  public var all: Double?
  public var covered: Double?
  public var uncovered: Double?
  /// Of all pixels of held-out photographs, of which nobody knows what contexts show; nil where there
  /// are none.
  public var photographs: Double?
  /// The same of tiles of larger photographs, where these are learned, too.
  public var tiles: Double?

  init(photographs: Double, tiles: Double?) {
    (self.photographs, self.tiles) = (photographs, tiles)
  }

  /// Over all pixels.
  static func error(_ drawn: [Image], _ truths: [Image]) -> Double {
    let none = truths.map { Array(repeating: false, count: $0.width * $0.height) }
    return Quality(drawn, truths, shown: none).all!
  }

  /// - Parameter shown: of each pixel of each truth, whether a context shows it.
  init(_ drawn: [Image], _ truths: [Image], shown: [[Bool]]) {
    var sums = (covered: 0.0, uncovered: 0.0)
    var counts = (covered: 0.0, uncovered: 0.0)
    for (i, image) in drawn.enumerated() {
      for (j, seen) in shown[i].enumerated() {
        let error = (0..<3).reduce(0.0) { sum, c in
          let d = Double(image.pixels[3 * j + c]) - Double(truths[i].pixels[3 * j + c])
          return sum + d * d / (127.5 * 127.5 * 3)
        }
        if seen { (sums.covered, counts.covered) = (sums.covered + error, counts.covered + 1) }
        if !seen {
          (sums.uncovered, counts.uncovered) = (sums.uncovered + error, counts.uncovered + 1)
        }
      }
    }
    covered = counts.covered > 0 ? sums.covered / counts.covered : nil
    uncovered = counts.uncovered > 0 ? sums.uncovered / counts.uncovered : nil
    all = (sums.covered + sums.uncovered) / (counts.covered + counts.uncovered)
  }

  /// An error in decibels: PSNR.
  public static func decibels(_ error: Double?) -> Double? { error.map { -10 * log10($0 / 4) } }

  /// For a line of progress.
  var text: String {
    func number(_ error: Double?) -> String {
      Self.decibels(error).map { String(format: "%.2f dB", $0) } ?? "none"
    }
    let photos = photographs.map { error in
      "photographs \(number(error))" + (tiles.map { ", in tiles \(number($0))" } ?? "")
    }
    let worlds = all.map { all in
      "\(number(all)), shown by a context \(number(covered)), not shown \(number(uncovered))"
    }
    return "held out: " + [worlds, photos].compactMap { $0 }.joined(separator: "; ")
  }
}
