import Foundation
public import Scene
import Torch

extension World {
  /// How a world is drawn and remembered.
  public struct Settings: Codable, Hashable, Sendable {
    /// How many keyframes a picture is drawn from at most.
    public var contexts = 4
    /// Network evaluations a picture: 1, which is best for what the context shows.
    public var steps: Steps = 1
    /// Seed of the noise that each picture begins as; nil for zeros, the steady choice. From noise, a
    /// model that was taught to (stage 4 of training) invents what no keyframe shows, where from zeros
    /// it draws the mean of what might be there.
    public var noise: UInt64?
    /// How many times as large a view is drawn for a viewer who stands still, tile by tile: 1, no
    /// larger.
    public var detail = 1
    /// Whether a drawn frame's say in recall, and what it takes to be learned anew, depend on how sure
    /// the model was of it: no, since with the bundled model a place comes back less like itself by it
    /// (39.0 against 41.1 dB), and no truer.
    public var weighsCertainty = false
    /// Whether recall and admission are told how far away the model guesses surfaces to be: no, since
    /// the bundled model's guesses are too poor (40.8 against 41.1 dB); true depths help where there
    /// are walls.
    public var guessesDepth = false
    /// Whether drawn frames that show something new are remembered.
    public var admits = true
    /// Whether a walk in a file goes on where the last one ended: its newest keyframe is in the contexts
    /// as if the world had never been closed. Walks of before this was so are drawn again without.
    public var goesOn = true
    /// Bytes of KV kept on the device; nil for what suits it: an eighth of the host's memory on a
    /// CPU, a quarter of its own on a GPU (which is there for the network, too), 4 GiB at most on both.
    /// Where views are refined, a quarter of it is for their tiles.
    public var kvBudget: Int?
    /// Bytes of KV kept in the host's memory when the device's are full; nil: an eighth of it where
    /// the device is a GPU, none on a CPU, where both are the same memory.
    public var hostBudget: Int?
    /// Bytes of pixels kept decoded: 256 MiB, 1,300 frames of 256 x 256.
    public var pixelBudget = 256 << 20
    /// How many keyframes may be made ready between two frames: 1, since it delays a frame that is
    /// asked for meanwhile.
    public var prefetches = 1

    public init() {}

    /// What a log says, also one that is older than a setting: then there was no such thing.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      contexts = try values.decode(Int.self, forKey: .contexts)
      steps = try values.decode(Steps.self, forKey: .steps)
      noise = try values.decodeIfPresent(UInt64.self, forKey: .noise)
      detail = try values.decodeIfPresent(Int.self, forKey: .detail) ?? 1
      weighsCertainty = try values.decodeIfPresent(Bool.self, forKey: .weighsCertainty) ?? false
      guessesDepth = try values.decodeIfPresent(Bool.self, forKey: .guessesDepth) ?? false
      admits = try values.decode(Bool.self, forKey: .admits)
      goesOn = try values.decodeIfPresent(Bool.self, forKey: .goesOn) ?? false
      kvBudget = try values.decodeIfPresent(Int.self, forKey: .kvBudget)
      hostBudget = try values.decodeIfPresent(Int.self, forKey: .hostBudget)
      pixelBudget = try values.decode(Int.self, forKey: .pixelBudget)
      prefetches = try values.decode(Int.self, forKey: .prefetches)
    }

    func budgets(on device: Device) -> Budgets {
      let share = Host.memory / 8
      let isHost = device == .cpu
      let onGPU = min(4 << 30, device.facts.map { $0.memory / 4 } ?? 1 << 30)
      return Budgets(
        kv: kvBudget ?? (isHost ? min(4 << 30, share) : onGPU),
        hostKV: hostBudget ?? (isHost ? 0 : share),
        pixels: pixelBudget, fine: detail > 1 ? 0.25 : 0)
    }
  }

  /// Bytes at most of what is kept at hand.
  struct Budgets {
    var kv: Int
    var hostKV: Int
    var pixels: Int
    /// Which part of the device's KV and of the pixels is for views that are drawn more finely.
    var fine = 0.0
  }

  /// One picture, and how it came about.
  ///
  /// A class, since its vectors travel through async functions (see `Action`).
  public final class Drawn: Sendable {
    public let frame: Frame
    /// The keyframes that it was drawn from, best first.
    public let context: [Int]
    /// How many keyframes the world has now.
    public let keyframes: Int
    /// Network evaluations that it took.
    public let evaluations: Int
    /// How sure the model is of it, 0...1.
    public let certainty: Double
    /// Milliseconds spent on recalling, on gathering the context's KV, and in the network.
    public let recall: Double
    public let gather: Double
    public let network: Double
    /// Whether it goes on becoming sharper while its viewer stands still.
    public let isUnfinished: Bool

    init(
      frame: Frame, context: [Int], keyframes: Int, evaluations: Int, certainty: Double,
      recall: Double, gather: Double, network: Double, isUnfinished: Bool
    ) {
      (self.frame, self.context, self.keyframes) = (frame, context, keyframes)
      (self.evaluations, self.certainty, self.isUnfinished) = (evaluations, certainty, isUnfinished)
      (self.recall, self.gather, self.network) = (recall, gather, network)
    }

    /// The same view as it has become, in the milliseconds of one tile.
    func refined(_ frame: Frame, _ tile: Tile?, isUnfinished: Bool) -> Drawn {
      Drawn(
        frame: frame, context: context, keyframes: keyframes, evaluations: evaluations,
        certainty: certainty, recall: tile?.recall ?? 0, gather: tile?.gather ?? 0,
        network: tile?.network ?? 0, isUnfinished: isUnfinished)
    }
  }
}
