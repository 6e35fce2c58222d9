import Evaluation
import Foundation
import Generation
import Testing

struct DurationsTests {
  /// Counted out: the smallest value that at least the share of all do not exceed.
  @Test(arguments: [0.0, 1, 25, 50, 75, 98, 99, 100], [1, 2, 3, 4, 99, 100, 101])
  func percentilesAreCountedOut(share: Double, count: Int) throws {
    let values = (0..<count).map { Double($0 * 37 % count) * 0.5 }
    let expected = values.sorted().first { value in
      Double(100 * values.count { $0 <= value }) >= share * Double(count)
    }
    #expect(Durations(values).percentile(share) == expected)
  }

  @Test func aSlowFrameInAHundredIsNotTheMiddle() {
    let times = Durations(Array(repeating: 10, count: 98) + [500, 600])
    #expect((times.p50, times.p99) == (10, 500))
    #expect(abs(times.mean - 20.8) < 1e-9)
  }

  @Test func aDocumentHasTheKeysThatOthersRead() throws {
    let data = try JSONEncoder().encode(Durations([1, 2, 3, 4]))
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Double]
    #expect(object == ["p50": 2, "p99": 4, "mean": 2.5])
  }

  /// By hand, for a network small enough: 1 layer, 2 patches and 1 register of width 8.
  @Test func workIsWhatTheProductsTake() {
    var tiny = Configuration(
      layers: 1, width: 8, heads: 2, keyValueHeads: 1, headWidth: 16, patch: 4)
    (tiny.registers, tiny.hidden) = (1, 5)
    // A product [m, k] x [k, n] takes 2 m k n.
    func product(_ m: Int, _ k: Int, _ n: Int) -> Int { 2 * m * k * n }
    let projections = product(3, 8, 32) + 2 * product(3, 8, 16) + product(3, 32, 8)
    let feedForward = 2 * product(3, 8, 5) + product(3, 5, 8)
    let keys = 3 * 3 + 1  // two contexts, its own, the null key
    let attention = 2 * (product(3, 16, keys) + product(3, keys, 16))
    let ends = product(2, 6 * 16, 8) + product(2, 8, 3 * 64)  // windows of 8 x 8
    let expected = Double(projections + feedForward + attention + ends)
    #expect(tiny.work(width: 8, height: 3, contexts: 2) == expected)
    #expect(tiny.work(width: 8, height: 3, contexts: 2, steps: 3) == 3 * expected)
    #expect(tiny.patches(width: 9, height: 5) == 6)

    // In tiles: three of 8 x 8 pixels, from three tiles each, and 8 x 3 pixels from two frames.
    let model = FrameModel(tiny, seed: 1)
    model.tile = 8
    #expect(
      model.work(width: 24, height: 8, contexts: 2)
        == 3 * tiny.work(width: 8, height: 8, contexts: 3) + expected)
    #expect(model.patches(width: 24, height: 8) == 12)
  }
}
