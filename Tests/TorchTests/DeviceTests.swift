import TestSupport
import Testing
import Torch

@Suite struct DeviceTests {
  @Test func everyDeviceOfThisMachineIsFoundByItsDescription() throws {
    #expect(Device.all.first == .cpu)
    for device in Device.all { #expect(try Device(named: device.description) == device) }
    #expect(try Device(named: "auto") == Device.best)
    #expect(Device.hasGPU == (Device.best != .cpu))
  }

  @Test(arguments: ["", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "cuda:1.5"])
  func unknownNamesAreRefused(name: String) {
    let error = #expect(throws: DeviceError.unknown(name)) { try Device(named: name) }
    #expect(error?.description.contains("'\(name)' is not one of auto, cpu, cuda") == true)
  }

  @Test(arguments: ["cuda:99", "cuda:99999999999999"])
  func absentDevicesAreRefusedWithWhatThereIs(name: String) {
    let error = #expect(throws: DeviceError.absent(name)) { try Device(named: name) }
    #expect(error?.description.contains(name) == true)
    #expect(error?.description.contains("which has: cpu") == true)
  }

  @Test(.enabled(if: !Device.hasGPU, "a GPU is here")) func cudaIsRefusedWhereThereIsNone() {
    #expect(throws: DeviceError.absent("cuda")) { try Device(named: "cuda") }
    #expect(Device.best == .cpu && Device.cpu.allocatedBytes == 0)
    Device.cpu.synchronize()
  }

  @Test(.tags(.gpu), .enabled(if: Device.hasGPU, "no GPU here"))
  func aGPUComputesWhatTheCPUDoes() {
    let (a, b) = (Plain(random: [17, 33], seed: 1), Plain(random: [33, 9], seed: 2))
    let there = a.float32.to(Device.best).matmul(b.float32.to(Device.best))
    #expect(there.device == Device.best)
    #expect(Device.best == .mps || Device.best.allocatedBytes > 0)
    expectClose(there, a.float32.matmul(b.float32), within: 1e-5)
  }
}

@Suite struct RuntimeTests {
  struct Stop: Error {}

  @Test func gradientsAreRecordedAgainAfterwards() {
    let x = Tensor(repeating: 1, shape: [2])
    x.trackGradient()
    Runtime.withoutGradients {
      #expect(!(x * 2).requiresGradient)
      Runtime.withoutGradients { #expect(!(x * 2).requiresGradient) }
      #expect(!(x * 2).requiresGradient)
    }
    #expect((x * 2).requiresGradient)
    try? Runtime.withoutGradients { throw Stop() }
    #expect((x * 2).requiresGradient)
  }

  @Test func inferenceEndsWithItsBody() {
    let x = Tensor(repeating: 1, shape: [2])
    x.trackGradient()
    let y = Runtime.inference { x * 2 }
    #expect(!y.requiresGradient && (x * 2).requiresGradient)
    try? Runtime.inference { throw Stop() }
    #expect((x * 2).requiresGradient)
  }

  @Test func threadsAreSetAndRead() {
    let former = Runtime.threads
    defer { Runtime.threads = former }
    Runtime.threads = 1
    #expect(Runtime.threads == 1)
    Runtime.threads = 2
    #expect(Runtime.threads == 2)
  }

  @Test func denormalsAreFlushedWhenAsked() {
    defer { Runtime.flushDenormals(false) }
    let x = Tensor([Float.leastNormalMagnitude], shape: [1])
    Runtime.flushDenormals(false)
    #expect((x * 0.5).floats != [0])
    Runtime.flushDenormals()
    #expect((x * 0.5).floats == [0])
  }

  @Test func versionIsOneOfLibtorch() {
    #expect(Runtime.version.split(separator: ".").first == "2")
  }
}

@Suite struct GeneratorTests {
  @Test func theSameSeedGivesTheSameNumbers() {
    let (a, b, c) = (Generator(seed: 5), Generator(seed: 5), Generator(seed: 6))
    let first = a.normal([3, 20])
    #expect(first.shape == [3, 20] && first.floats == b.normal([3, 20]).floats)
    #expect(first.floats != c.normal([3, 20]).floats)
    #expect(a.uniform([9]).floats == b.uniform([9]).floats)
    #expect(a.normal([60]).floats != first.floats)
  }

  /// What `torch.manual_seed(0)` and `torch.rand(3)`, or `torch.randn(3)`, print in PyTorch.
  @Test func numbersAreThoseOfPyTorch() {
    expectClose(
      Generator(seed: 0).uniform([3]), Tensor([0.4963, 0.7682, 0.0885], shape: [3]), within: 5e-5,
      relative: false, "four printed digits")
    expectClose(
      Generator(seed: 0).normal([3]), Tensor([1.5410, -0.2934, -2.1788], shape: [3]), within: 5e-5,
      relative: false, "four printed digits")
  }

  @Test func numbersAreDistributedAsTheyShould() {
    let normal = Generator(seed: 1).normal([40_000], type: .float64)
    #expect(abs(normal.mean().item) < 0.02 && abs(normal.squared().mean().item - 1) < 0.03)
    let uniform = Generator(seed: 1).uniform([40_000], type: .float64)
    #expect(abs(uniform.mean().item - 0.5) < 0.01)
    #expect(uniform.doubles.allSatisfy { (0..<1).contains($0) })
  }
}

@Suite struct RehearsalTests {
  @Test func whatStaysOnTheDeviceIsDone() {
    let x = Tensor([1, 2, 3], shape: [3])
    Graph.rehearse { x.set(x * 2 + Tensor.arange(3)) }
    #expect(x.floats == [2, 5, 8])
  }

  @Test func numbersFromTheCPUStopIt() async {
    await #expect(processExitsWith: .failure) {
      Graph.rehearse { _ = Tensor([1, 2], shape: [2]) }
    }
  }

  @Test func waitingForANumberStopsIt() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1], shape: [1])
      Graph.rehearse { _ = x.item }
    }
  }

  @Test func bringingNumbersHomeStopsIt() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor([1], shape: [1])
      Graph.rehearse { _ = x.floats }
    }
  }
}
