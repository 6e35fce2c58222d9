import Foundation
public import Scene
import Torch

extension World {
  /// How a world is drawn and remembered.
  public struct Settings: Codable, Hashable, Sendable {
    /// How many keyframes a picture is drawn from at most.
    public var contexts = 4
    /// Network evaluations a picture.
    public var steps = 1
    /// Whether drawn frames that show something new are remembered.
    public var admits = true
    /// Bytes of KV kept on the device; nil for what suits it: an eighth of the host's memory on a
    /// CPU, 4 GiB on a GPU (which is there for the network's own memory too).
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

    func budgets(on device: Device) -> Budgets {
      let share = Int(clamping: ProcessInfo.processInfo.physicalMemory / 8)
      let isHost = device == .cpu
      return Budgets(
        kv: kvBudget ?? (isHost ? share : 4 << 30), hostKV: hostBudget ?? (isHost ? 0 : share),
        pixels: pixelBudget)
    }
  }

  /// Bytes at most of what is kept at hand.
  struct Budgets {
    var kv: Int
    var hostKV: Int
    var pixels: Int
  }

  /// One picture, and how it came about.
  public struct Drawn: Sendable {
    public let frame: Frame
    /// The keyframes that it was drawn from, best first.
    public let context: [Int]
    /// How many keyframes the world has now.
    public let keyframes: Int
    /// Milliseconds spent on recalling, on gathering the context's KV, and in the network.
    public let recall: Double
    public let gather: Double
    public let network: Double
  }
}
