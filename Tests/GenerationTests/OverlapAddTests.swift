import Layers
import TestSupport
import Testing

@testable import Generation
@testable import Torch

@Suite struct OverlapAddTests {
  private func put(_ overlap: Int, side: Int = 8) -> OverlapAdd {
    OverlapAdd(side: side, overlap: overlap, rows: 3, columns: 2)
  }

  @Test(arguments: [0, 1, 2, 3, 4]) func windowsThatAgreeAreThePicture(overlap: Int) {
    let width = 8 + 2 * overlap
    let picture = put(overlap)(Tensor(repeating: 0.7, shape: [2, 6, 3 * width * width]))
    #expect(picture.shape == [2, 3, 24, 16])
    expectClose(picture, Tensor(repeating: 0.7, shape: [2, 3, 24, 16]), within: 1e-6)
  }

  /// A ramp painted in every window is one ramp: its parts lie where they belong.
  @Test(arguments: [1, 4]) func windowsLieAroundTheirPatches(overlap: Int) {
    let width = 8 + 2 * overlap
    let windows = (0..<6 * width * width).map { i in
      let (patch, row, column) = (i / (width * width), i / width % width, i % width)
      let (y, x) = (patch / 2 * 8 + row - overlap, patch % 2 * 8 + column - overlap)
      return Float(100 * y + x)
    }
    let picture = put(overlap)(Tensor(windows, shape: [1, 6, width * width]))
    let expected = (0..<24).flatMap { y in (0..<16).map { x in Float(100 * y + x) } }
    expectClose(picture, Tensor(expected, shape: [1, 1, 24, 16]), within: 1e-3)
  }

  /// From one colour to another it is two overlaps, eight pixels, and no step is large.
  @Test func patchesThatDifferMeetWithoutASeam() {
    let colours: [Float] = [0, 1, 0, 1, 0, 1]
    func across(_ overlap: Int) -> [Double] {
      let size = (8 + 2 * overlap) * (8 + 2 * overlap)
      let windows = Tensor(colours, shape: [1, 6, 1]).expanded(-1, -1, size)
      let row = put(overlap)(windows).narrowed(2, 11..<12).doubles
      return zip(row.dropFirst(), row).map { $0 - $1 }
    }
    #expect(across(0).max() == 1)
    let steps = across(4)
    #expect(steps.allSatisfy { $0 > 0 || abs($0) < 1e-6 } && steps.max()! < 0.2)
    #expect(steps.filter { $0 > 1e-3 }.count == 9)
  }

  @Test(arguments: [0, 1]) func aNetworkPaintsFartherByTheSameWeights(before: Int) {
    let model = FrameModel.lively(.with { $0.overlap = before })
    let wider = model.overlapping(2)
    #expect(wider.configuration == .tiny)
    for (a, b) in zip(model.parameters, wider.parameters) where a.name != "image.weight" {
      #expect(a.name == b.name && a.tensor.bytes == b.tensor.bytes)
    }
    let (old, new) = (4 + 2 * before, 8)
    let (weights, grown) = (
      model.image.weight.detached().floats, wider.image.weight.detached().floats
    )
    for colour in 0..<3 {
      for (y, x) in [(0, 0), (3, 4), (7, 2), (5, 7)] {
        let inside = [y, x].map { min(max(0, $0 - (2 - before)), old - 1) }
        let from = ((colour * old + inside[0]) * old + inside[1]) * 64
        let to = ((colour * new + y) * new + x) * 64
        #expect(weights[from..<from + 64] == grown[to..<to + 64])
      }
    }
    let back = wider.overlapping(before)
    #expect(back.image.weight.bytes == model.image.weight.bytes, "and back")
  }

  @Test func overlapsThatNoNetworkHasAreNamed() {
    #expect(Configuration.with { $0.overlap = 3 }.flaw?.contains("overlap by 3") == true)
    #expect(Configuration.with { $0.overlap = -1 }.flaw != nil)
    #expect([4, 8, 16, 32, 64].map(Configuration.overlap) == [2, 4, 4, 4, 8])
  }
}
