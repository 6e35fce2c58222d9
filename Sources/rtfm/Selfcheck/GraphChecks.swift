import Torch

/// Work that is recorded and replayed on other inputs, against the same work done anew.
enum GraphChecks {
  static func all(on device: Device) throws -> [Check] {
    let random = Generator(seed: 8)
    let weight = random.normal([192, 192]).to(device)
    let x = Tensor.zeros([3, 40, 192], on: device)
    func work() -> Tensor { x.linear(weight).layerNorm().silu().softmax() + x }
    var result: Tensor?
    let graph = try Runtime.inference { try Graph(on: device) { result = work() } }
    return (1...3).map { i in
      Runtime.inference {
        x.set(random.normal(x.shape).to(device))
        graph.replay()
        return Check("graph replay", "inputs \(i)", result!, truth: work(), within: 1e-6)
      }
    }
  }
}
