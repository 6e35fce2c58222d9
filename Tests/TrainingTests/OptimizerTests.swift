import Generation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct ScheduleTests {
  let plan = Plan.small(steps: 1000) {
    $0.optimizer.warmUp = 100
    $0.optimizer.rewarmUp = 50
    $0.optimizer.decayShare = 0.2
  }

  @Test(arguments: [(0, 0.01), (49, 0.5), (99, 1), (100, 1), (799, 1), (900, 0.5), (999, 0.005)])
  func warmsUpStaysAndFalls(step: Int, rate: Double) {
    #expect(abs(plan.rate(at: step, restart: nil) - rate) < 1e-12)
  }

  @Test func endsAtZeroAndStaysThere() {
    #expect(plan.rate(at: 1000, restart: nil) == 0 && plan.rate(at: 5000, restart: nil) == 0)
  }

  @Test(arguments: [(400, 0.02), (424, 0.5), (449, 1), (700, 1), (900, 0.5)])
  func warmsUpAgainAfterARestart(step: Int, rate: Double) {
    #expect(abs(plan.rate(at: step, restart: 400) - rate) < 1e-12)
  }
}

@Suite struct CooldownTests {
  let plan = Plan.small(steps: 1000) {
    $0.optimizer.warmUp = 100
    $0.cooldown = Cooldown(start: 50, steps: 40, share: 0.5)
  }

  @Test(arguments: [(0, 0.01), (49, 0.5), (50, 0.5), (70, 0.25), (89, 0.0125), (90, 0), (99, 0)])
  func fallsFromWhereItBegan(step: Int, rate: Double) {
    #expect(abs(plan.rate(at: step, restart: nil) - rate) < 1e-12)
    #expect(plan.end == 90)
  }

  /// The average of a short cooldown must not be of the weights before it.
  @Test func theAverageIsOfItsLastQuarter() {
    var plan = Plan.small(steps: 100_000)
    plan.cooldown = Cooldown(start: 50_000, steps: 400, share: 1)
    let before = (50_000..<50_400).reduce(1) { $0 * plan.averaging(at: $1) }
    #expect(before < 0.02)
    let early = (50_000..<50_300).reduce(0.0) { sum, step in
      let left = ((step + 1)..<50_400).reduce(1) { $0 * plan.averaging(at: $1) }
      return sum + (1 - plan.averaging(at: step)) * left
    }
    #expect((0.3...0.4).contains(early + before), "e⁻¹ of it is older than the last quarter")
  }

  /// However many steps a run was planned with: most are ended by a cooldown.
  @Test(arguments: [20_000, 1_000_000]) func theAverageGrowsSlower(steps: Int) {
    let plan = Plan.small(steps: steps)
    #expect(plan.averaging(at: 0) == 0.1 && abs(plan.averaging(at: 1790) - 0.995) < 1e-9)
    #expect(plan.averaging(at: 18_000) == 0.9995)
  }
}

@Suite struct MuonTests {
  /// A polynomial of a matrix acts on its singular values one by one.
  private func polished(_ x: Double) -> Double {
    let coefficients = [
      (8.2872, -23.5959, 17.3004), (4.1071, -2.9478, 0.5448), (3.9487, -2.9089, 0.5518),
      (3.3184, -2.4885, 0.51),
    ]
    return coefficients.reduce(x) { x, c in x * (c.0 + x * x * (c.1 + x * x * c.2)) }
  }

  @Test(arguments: [(4, 4), (3, 5), (5, 3)]) func actsOnSingularValuesAlone(rows: Int, columns: Int)
  {
    let values = [3.0, -0.5, 1.2]
    let diagonal = Tensor(
      doubles: (0..<rows * columns).map {
        let (i, j) = ($0 / columns, $0 % columns)
        return i == j && i < 3 ? values[i] : 0
      }, shape: [1, rows, columns])
    let length = values.map { $0 * $0 }.reduce(0, +).squareRoot() * 1.01
    let out = orthogonalized(diagonal).doubles
    for (i, v) in values.enumerated() {
      #expect(abs(out[i * columns + i] - polished(v / length)) < 1e-6)
    }
    #expect(out.filter { abs($0) > 1e-12 }.count == 3)
  }

  @Test(arguments: [(128, 64), (64, 160), (32, 48)])
  func singularValuesComeNearOne(rows: Int, columns: Int) {
    let g = Generator(seed: 1).normal([1, rows, columns], type: .float64)
    let before = singularValues(of: g)
    #expect(before.largest / before.smallest > 3, "\(before)")
    let after = singularValues(of: orthogonalized(g))
    #expect(after.smallest > 0.43 && after.largest < 1.57, "\(after)")
  }

  /// The extreme ones, by squaring `AᵀA` (or what is left of it below its largest) many times.
  private func singularValues(of a: Tensor) -> (smallest: Double, largest: Double) {
    let a = a.reshaped(a.shape[1], a.shape[2])
    let square =
      a.shape[0] > a.shape[1] ? a.transposed(0, 1).matmul(a) : a.matmul(a.transposed(0, 1))
    let n = square.shape[0]
    let eye = Tensor(doubles: (0..<n * n).map { $0 / n == $0 % n ? 1 : 0 }, shape: [n, n])
    func largest(_ m: Tensor) -> Double {
      var power = m
      for _ in 0..<16 { power = power.matmul(power) / (power.matmul(power) * eye).sum().item }
      return (power.matmul(m) * eye).sum().item
    }
    let most = largest(square)
    return ((most - largest(eye * most - square)).squareRoot(), most.squareRoot())
  }

  @Test func directionsStayWhileLengthsEven() {
    let g = Generator(seed: 2).normal([2, 32, 48], type: .float64)
    let once = orthogonalized(g)
    expectClose(orthogonalized(g * 1e3), once, within: 1e-6, "scale does not matter")
    #expect((once * g).sum().item > 0)
  }

  @Test func changesMatricesOfLayersAndLeavesTheRestToAdamW() throws {
    let plan = Plan.small { $0.optimizer.kind = .muon }
    let model = FrameModel(plan.model, seed: 1)
    let optimizer = Optimizer(model.parameters, plan.optimizer)
    let names = Set(optimizer.state.map(\.name))
    #expect(names.contains("muon.64x64") && names.contains("first.embed.weight"))
    #expect(!names.contains { $0.hasPrefix("first.layers.") && $0.hasSuffix(".weight") })
    #expect(names.contains("first.layers.0.query_norm"))
    let before = model.copy()
    for (_, tensor) in model.parameters { tensor.setGradient(tensor.detached() + 0.01) }
    optimizer.step(share: 1, .usual(on: .cpu))
    for (new, old) in zip(model.parameters, before.parameters) {
      #expect(new.tensor.bytes != old.tensor.bytes, "\(new.name)")
    }
    let query = before.parameters.firstIndex { $0.name == "layers.0.query.weight" }!
    let change = model.parameters[query].tensor - before.parameters[query].tensor
    // The rate for a side of 64, times the length of 64 singular values of about 1.
    let expected = 0.02 * (64.0 / 256).squareRoot() * 64.0.squareRoot()
    #expect((0.8...1.2).contains(change.squared().sum().sqrt().item / expected))
  }
}

@Suite struct AdamWGroupTests {
  @Test func decayActsOnMatricesOnly() throws {
    let plan = Plan.small { ($0.optimizer.decay, $0.optimizer.rate) = (0.5, 0.1) }
    let model = FrameModel(plan.model, seed: 1)
    let before = model.copy()
    for (_, tensor) in model.parameters { tensor.setGradient(tensor.detached() * 0) }
    Optimizer(model.parameters, plan.optimizer).step(share: 0.5, .usual(on: .cpu))
    for (new, old) in zip(model.parameters, before.parameters) {
      let isVectors = ["role.weight", "registers"].contains(old.name) || old.name.contains("null_")
      let kept = old.tensor.rank < 2 || isVectors ? 1 : 1 - 0.5 * 0.1 * 0.5
      expectClose(new.tensor, old.tensor * kept, within: 1e-6, "\(new.name)")
    }
  }
}
