import Layers
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

@Suite struct PatchResizingTests {
  private func configuration(_ patch: Int, overlap: Int) -> Configuration {
    var configuration = Configuration(
      layers: 2, width: 64, heads: 2, keyValueHeads: 1, headWidth: 32, patch: patch)
    configuration.overlap = overlap
    return configuration
  }

  private func lively(_ patch: Int, overlap: Int) -> FrameModel {
    let model = FrameModel(configuration(patch, overlap: overlap), seed: 4)
    let generator = Generator(seed: 5)
    for (_, weight) in model.parameters {
      weight.addInPlace(generator.normal(weight.shape) * 0.05)
    }
    return model
  }

  /// Enlarges every patch of a picture by itself, by a factor of two, as a plain loop says.
  private func enlarged(_ image: Tensor, patch p: Int) -> Tensor {
    let (s, x) = (image.shape, image.doubles)
    var out: [Double] = []
    func sample(_ plane: Int, _ corner: (Int, Int), _ row: Int, _ column: Int) -> Double {
      let (r, c) = (min(max(row, 0), p - 1), min(max(column, 0), p - 1))
      return x[(plane * s[2] + corner.0 + r) * s[3] + corner.1 + c]
    }
    for plane in 0..<s[0] * s[1] {
      for i in 0..<2 * s[2] {
        for j in 0..<2 * s[3] {
          let corner = (i / (2 * p) * p, j / (2 * p) * p)
          let (r, c) = (i % (2 * p), j % (2 * p))
          // Sample centres lie at quarters: three parts of the nearest, one of the next.
          let (r1, c1) = (r % 2 == 0 ? r / 2 - 1 : r / 2 + 1, c % 2 == 0 ? c / 2 - 1 : c / 2 + 1)
          out.append(
            0.5625 * sample(plane, corner, r / 2, c / 2) + 0.1875 * sample(plane, corner, r1, c / 2)
              + 0.1875 * sample(plane, corner, r / 2, c1) + 0.0625 * sample(plane, corner, r1, c1))
        }
      }
    }
    return Tensor(doubles: out, shape: [s[0], s[1], 2 * s[2], 2 * s[3]]).to(.float32)
  }

  private func camera(_ side: Int, at x: Double) -> Camera {
    let (s, f) = (Double(side), Double(side) * 0.8)
    return Camera(
      intrinsics: Intrinsics(width: side, height: side, focal: [f, f], center: [s / 2, s / 2]),
      pose: Pose(rotation: .identity, position: [x, 0, 0]))
  }

  private func drawing(_ model: FrameModel, _ image: Tensor, side: Int) -> Tensor {
    let (from, to) = (camera(side, at: 0), camera(side, at: 0.3))
    let kv = model.encode(image, Lenses([from.intrinsics]))
    let recalled = model.recall(kv, of: [[from]], for: [to], perScene: 1, scales: [1])
    return model.predict(
      .zeros([1, 3, side, side]), t: .zeros([1]), Lenses([to.intrinsics]), recalled: recalled
    ).image
  }

  /// Patches that do not overlap are enlarged one by one; of others, whose paint here is noise, the sum
  /// is about the whole picture enlarged.
  @Test(arguments: [(0, 4, 1e-3), (1, 16, 0.08), (2, 16, 0.08)])
  func drawsTheEnlargementFromTheEnlargement(overlap: Int, block: Int, limit: Double) {
    let small = lively(4, overlap: overlap)
    let large = small.resized(patch: 8)
    #expect(large.configuration == configuration(8, overlap: 2 * overlap))
    let image = Generator(seed: 6).normal([1, 3, 16, 16])
    let expected = enlarged(drawing(small, image, side: 16), patch: block)
    func error(_ model: FrameModel) -> Double {
      let difference = drawing(model, enlarged(image, patch: 4), side: 32) - expected
      return difference.squared().mean().item / expected.squared().mean().item
    }
    // Rays of an enlargement are not quite enlarged rays; the pictures are exact.
    #expect(error(large) < limit, "\(error(large))")
    #expect(error(lively(8, overlap: 2 * overlap)) > 0.5, "another network's picture is another")
  }

  @Test func onlyWhatTouchesPixelsChanges() {
    let model = lively(4, overlap: 2)
    let other = model.resized(patch: 12)
    for (a, b) in zip(model.parameters, other.parameters) {
      let touches = ["embed.weight", "image.weight"].contains(a.name)
      #expect(a.name == b.name && (a.tensor.bytes == b.tensor.bytes) != touches, "\(a.name)")
    }
    #expect(
      zip(model.parameters, model.resized(patch: 4).parameters).allSatisfy {
        $0.tensor.bytes == $1.tensor.bytes
      })
  }
}
