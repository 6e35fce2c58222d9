import Foundation
import Generation
import TestSupport
import Testing
import Torch

@testable import Training

/// The loss against PyTorch's (Tests/Reference/loss.py).
@Suite struct LossTests {
  let golden: [String: Tensor]

  init() throws { golden = try Safetensors(contentsOf: Package.golden("loss")).tensors }

  /// The golden's loss, computed in `type`.
  private func loss(_ type: ElementType = .float32) -> (loss: Loss, inputs: [String: Tensor]) {
    let inputs = golden.mapValues { $0.to(type).copy() }
    for name in predicted { inputs[name]!.trackGradient() }
    let loss = Loss(
      image: inputs["image"]!, logVariance: inputs["log_variance"]!.reshaped(3, 143, 1),
      inverseDepth: inputs["inverse_depth"]!, truth: inputs["truth"]!,
      trueDepth: inputs["depth"]!, t: inputs["t"]!, patch: 4)
    return (loss, inputs)
  }

  private let predicted = ["image", "log_variance", "inverse_depth"]

  @Test(arguments: [(ElementType.float32, 1e-5), (.float64, 2e-7)])
  func everyTermIsTheTwins(type: ElementType, tolerance: Double) {
    let loss = loss(type).loss
    #expect(loss.terms.map(\.name) == Loss.names && loss.guess.item == 0)
    for (name, value) in loss.terms.dropLast() + [("total", loss.total.item)] {
      let expected = golden["terms/\(name)"]!.item
      #expect(
        abs(value - expected) < tolerance * expected.magnitude, "\(name): \(value), \(expected)")
    }
  }

  @Test func gradientsAreTheTwins() {
    let (loss, inputs) = loss(.float64)
    loss.total.backward()
    for name in predicted {
      expectClose(
        inputs[name]!.gradient!.to(.float32), golden["grad/\(name)"]!, within: 1e-6,
        "the golden is rounded to Float32: \(name)")
    }
  }

  /// In Float32 a difference next to 0 may get the other sign in the Laplacian's absolute value.
  @Test func gradientsInFloat32DifferByFewSigns() {
    let (loss, inputs) = loss()
    loss.total.backward()
    for name in predicted {
      let expected = golden["grad/\(name)"]!
      let error = (inputs[name]!.gradient! - expected).abs() / expected.abs().max()
      #expect((-error .< -1e-4).to(.float32).mean().item < 2e-2, "\(name)")
      #expect(error.max().item < 2e-2, "\(name)")
    }
  }

  /// Photographs have no depths: all else counts as ever, and the depth head is left as it is.
  @Test func withoutDepthsAllElseCounts() {
    let (batch, side) = (2, 16)
    let generator = Generator(seed: 2)
    let image = generator.normal([batch, 3, side, side])
    let inverse = generator.normal([batch, 16, 4])
    [image, inverse].forEach { $0.trackGradient() }
    let truth = generator.normal([batch, 3, side, side])
    func loss(_ depth: Tensor?) -> Loss {
      Loss(
        image: image, logVariance: generator.normal([batch, 16, 1]) * 0, inverseDepth: inverse,
        truth: truth, trueDepth: depth, t: .zeros([batch]), patch: 4)
    }
    let (with, without) = (loss(.zeros([batch, side, side]) + 2), loss(nil))
    for (a, b) in zip(with.terms, without.terms) {
      #expect(a.name == "depth" ? a.value > 0 && b.value == 0 : a.value == b.value, "\(a.name)")
    }
    without.total.backward()
    #expect(inverse.gradient?.abs().max().item == 0 && image.gradient!.abs().max().item > 0)
  }

  /// Two contexts of 2 x 1 patches: depths 2 and 4 in one patch have the inverse mean 3/8.
  @Test func guessesAreHeldAgainstInverseDepths() {
    let metres: [Float] = [2, 4, 1, 1, 4, 2, 1, 1]
    let truth = Tensor(metres + metres.map { $0 * 2 }, shape: [2, 2, 4])
    let inverses: [Float] = [3 / 8, 1, 3 / 16, 1 / 2]
    let right = Tensor(inverses.map { -log($0 * 0.5) }, shape: [2, 2])
    let guess = Loss.Guess(depths: right, truth: truth, middle: 0.5, patch: 2)
    expectClose(guess.goal, right, within: 1e-6)
    #expect(guess.error.item < 1e-6)
    let halved = Loss.Guess(depths: right - log(2), truth: truth, middle: 0.5, patch: 2)
    #expect(abs(halved.error.item - Double(inverses.reduce(0, +)) / 4) < 1e-6, "twice the inverse")
  }

  @Test func aPerfectPictureCostsNothing() {
    let truth = golden["truth"]!
    let perfect = Loss(
      image: truth, logVariance: golden["log_variance"]!.reshaped(3, 143, 1),
      inverseDepth: golden["inverse_depth"]!, truth: truth, trueDepth: golden["depth"]!,
      t: golden["t"]!, patch: 4)
    #expect(perfect.squared.item == 0 && perfect.laplacian.item == 0)
    #expect(abs(perfect.structure.item) < 1e-6)
  }

  @Test(.tags(.gpu), .enabled(if: Device.hasGPU, "no GPU here"))
  func aGPUsLossIsTheCPUs() {
    func moved(_ name: String) -> Tensor { golden[name]!.to(Device.best) }
    let image = moved("image")
    image.trackGradient()
    let there = Loss(
      image: image, logVariance: moved("log_variance").reshaped(3, 143, 1),
      inverseDepth: moved("inverse_depth"), truth: moved("truth"), trueDepth: moved("depth"),
      t: moved("t"), patch: 4)
    there.total.backward()
    expectClose(there.total.to(.cpu), loss().loss.total, within: 1e-5)
    expectClose(image.gradient!, golden["grad/image"]!, within: 2e-2, "few signs differ")
  }
}
