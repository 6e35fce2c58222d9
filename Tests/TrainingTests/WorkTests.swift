import Generation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct WorkTests {
  /// Two layers of width 64, 2 heads of 32 that share one key/value head, patches of 4 pixels on 16:
  /// 16 patches, 20 tokens, hidden 128; two scenes of two targets. Counted by hand.
  @Test(arguments: [0, 1, 3]) func aStepIsWhatAHandCounts(contexts: Int) {
    let plan = Plan.small {
      $0.contextShares = (0...3).map { $0 == contexts ? 1 : 0 }
    }
    #expect(plan.model.hidden == 128)
    let embed = 16 * 96 * 64  // multiply-adds of 16 patches of 48 colours and 48 directions
    let keysAndValues = 20 * 64 * 32 * 2
    let layer = 20 * 64 * 64 * 2 + keysAndValues + 20 * 64 * 128 * 3  // without attention
    func attention(_ keys: Int) -> Int { 2 * (20 * keys * 32) * 2 }  // 2 heads: scores, then values
    let encode = embed + (layer + attention(20)) + keysAndValues
    let heads = 16 * 64 * (192 + 1 + 4)  // windows of 8 x 8 around patches of 4 x 4
    let draw =
      embed + (128 * 64 + 64 * 384) + 2 * (layer + attention(20 + 1 + 20 * contexts)) + heads
    let step = 3 * 2 * (2 * contexts * encode + 4 * draw)
    let script = Script(plan, step: 0, index: 0)
    #expect(plan.model.work(script.extent, resolution: 16) == Double(step))
  }

  @Test func knowsFewDevices() {
    #expect(Device.peak(of: "NVIDIA H200") == 989e12)
    #expect(Device.peak(of: "NVIDIA H100 80GB HBM3") == 989e12)
    #expect(Device.peak(of: "NVIDIA H100 PCIe") == nil)
    #expect(Device.peak(of: "NVIDIA GeForce RTX 4090") == nil)
    #expect(Device.cpu.peakFLOPS == nil)
  }
}
