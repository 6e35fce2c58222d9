public import ArgumentParser
import Evaluation
public import Generation
import Scene
import Torch

/// `rtfm bench`: how fast frames are drawn, from the action to the bytes of a JPEG.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drawing",
    abstract: "Measure the speed: milliseconds a frame, part by part, and frames a second.",
    discussion: """
      Walks through a memory of keyframes and draws every frame anew, as a session does. Weights \
      are random unless a model is named: speed does not depend on them. Where Python and PyTorch \
      are at hand, the same network in eager PyTorch is timed in turn with ours.
      """)

  @Option(help: "nano, small (the default), base, large, huge or giant.")
  var preset: String?
  @Option(help: "A model's file, or the name of one in Models/, in place of a preset.")
  var model: String?
  @Option(help: "Side of a patch in pixels (the preset's own by default).")
  var patch: Int?
  @Option(help: "Size of the frames, as 3840x2160 or 256.")
  var resolution = Size(side: 256)
  @Option(help: "Keyframes that a frame is drawn from; several numbers give several results.")
  var contexts = Counts([4])
  @Option(help: "Network evaluations a frame; several numbers give several results.")
  var steps = Counts([1])
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "What layers compute in: float32 or bfloat16; the device's fastest by default.")
  var precision: Precision?
  @Option(help: "CPU threads; all cores by default.")
  var threads: Int?
  @Option(help: "Keyframes in the memory.")
  var keyframes = 64
  @Option(help: "Seconds to measure for, for each result.")
  var seconds = 10.0
  @Flag(inversion: .prefixedNo, help: "Compare with the same network in eager PyTorch (CPU).")
  var twin = true
  @Flag(inversion: .prefixedNo, help: "Draw by recorded work on an NVIDIA GPU (CUDA graphs).")
  var graphs = true
  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard steps.values.allSatisfy({ (1...1000).contains($0) }),
      contexts.values.allSatisfy({ $0 <= min(64, keyframes) }), (0...100_000).contains(keyframes),
      (0.1...3600).contains(seconds), threads.map({ (1...1024).contains($0) }) ?? true,
      patch.map({ (1...1024).contains($0) }) ?? true
    else {
      throw ValidationError(
        "steps is 1 to 1000, contexts 0 to 64 and no more than keyframes, seconds 0.1 to 3600, "
          + "threads and patch 1 to 1024")
    }
    if model != nil, preset != nil || patch != nil {
      throw ValidationError(
        "--preset and --patch are for networks of random weights, not for --model")
    }
  }

  func run() throws {
    let device = try Device(named: device)
    if let threads { Runtime.threads = threads }
    let network = try network(on: device)
    network.model.compute(in: precision)
    network.model.recordsDrawing = graphs
    let machine = Machine(measuring: device, precision: network.model.precision)
    let results = contexts.values.flatMap { contexts in
      note("encoding \(keyframes) keyframes of \(resolution)")
      let walk = TimedWalk(
        network.model, size: resolution, contexts: contexts, keyframes: keyframes,
        trained: model != nil)
      return steps.values.map { measure(network, walk, contexts, $0, machine) }
    }
    if json { return try printJSON(Document(machine: machine, results: results)) }
    print(
      "\(machine.cpu), \(machine.cores) cores, \(Int(machine.bestGflops)) GFLOP/s, "
        + "libtorch \(machine.libtorch)")
    for result in results { print(result.table) }
  }

  private func network(on device: Device) throws -> (name: String, model: FrameModel) {
    if let name = model {
      return (name, try FrameModel(contentsOf: Shelf.models.path(of: name), on: device))
    }
    var configuration = try Configuration.preset(named: preset ?? "small")
    if let patch { configuration.patch = patch }
    if let flaw = configuration.flaw { throw ValidationError("no network has \(flaw)") }
    return (preset ?? "small", FrameModel(configuration, seed: 1, on: device))
  }

  /// One result: our walk and the twin's in turns, so that neither has the machine's better minutes.
  private func measure(
    _ network: (name: String, model: FrameModel), _ walk: TimedWalk, _ contexts: Int, _ steps: Int,
    _ machine: Machine
  ) -> Result {
    let configuration = network.model.configuration
    let rival =
      twin && steps == 1 && model == nil && network.model.device == .cpu
      ? EagerTwin(
        preset: network.name, patch: configuration.patch, size: resolution, contexts: contexts,
        threads: Runtime.threads) : nil
    var laps: [TimedWalk.Lap] = []
    var ratios: [Double] = []
    let rounds = rival == nil ? 1 : 3
    for round in 1...rounds {
      note("\(network.name), \(contexts) contexts, \(steps) steps: round \(round) of \(rounds)")
      let ours = walk.laps(steps: steps, seconds: seconds / Double(rounds))
      laps += ours
      guard ratios.count == round - 1, let rival else { continue }
      if let theirs = rival.milliseconds(seconds: seconds / Double(rounds)) {
        ratios.append(theirs / Durations(ours.map { $0.gather + $0.network }).p50)
      }
    }
    let work = network.model.work(
      width: resolution.width, height: resolution.height, contexts: contexts, steps: steps)
    return Result(
      preset: network.name, resolution: "\(resolution)", contexts: contexts, steps: steps,
      device: "\(network.model.device)",
      precision: network.model.precision, threads: Runtime.threads, keyframes: keyframes,
      tokens: network.model.patches(width: resolution.width, height: resolution.height),
      gflopPerFrame: work / 1e9, laps: laps, bestGflops: machine.bestGflops,
      against: ratios.isEmpty ? [:] : ["pytorch_eager": Durations(ratios).p50])
  }
}

extension Bench {
  struct Document: Encodable {
    let machine: Machine
    let results: [Result]
  }

  /// The speed of one network at one size.
  struct Result: Encodable {
    let preset: String
    let resolution: String
    let contexts: Int
    let steps: Int
    let device: String
    /// That weights are multiplied in; the twin always has Float32.
    let precision: Precision
    let threads: Int
    /// In the memory.
    let keyframes: Int
    /// Drawn while measuring.
    let frames: Int
    let framesPerSecond: Double
    /// Patches a second.
    let tokensPerSecond: Double
    let milliseconds: [String: Durations]
    let gflopPerFrame: Double
    /// The time that the frame's products take at the machine's best rate, over the time it takes.
    let floorFraction: Double
    /// How many times longer others take for gather and network.
    let against: [String: Double]

    init(
      preset: String, resolution: String, contexts: Int, steps: Int, device: String,
      precision: Precision, threads: Int, keyframes: Int, tokens: Int, gflopPerFrame: Double,
      laps: [TimedWalk.Lap],
      bestGflops: Double, against: [String: Double]
    ) {
      (self.preset, self.resolution, self.contexts) = (preset, resolution, contexts)
      (self.steps, self.device, self.threads) = (steps, device, threads)
      self.precision = precision
      (self.keyframes, self.gflopPerFrame, self.against) = (keyframes, gflopPerFrame, against)
      frames = laps.count
      milliseconds = laps.durations
      let whole = Durations(laps.map(\.endToEnd))
      framesPerSecond = 1000 / whole.mean
      tokensPerSecond = Double(tokens) * framesPerSecond
      floorFraction = gflopPerFrame / bestGflops * 1000 / whole.p50
    }

    /// For people.
    var table: String {
      let parts = TimedWalk.Lap.parts.map { part in
        let d = milliseconds[part.key]!
        return "  \(part.key.padded(to: 12))\(d.p50.digits(2, width: 9)) ms"
          + "\(d.p99.digits(2, width: 9)) ms (p99)"
      }
      let others = against.sorted { $0.key < $1.key }
        .map { "; \($0.key) takes \($0.value.digits(2)) times as long" }
      return """
        \(preset) \(resolution), \(contexts) contexts, \(steps) steps, \(device), \(precision), \
        \(keyframes) keyframes
        \(parts.joined(separator: "\n"))
          \(framesPerSecond.digits(1)) frames/s, \(Int(tokensPerSecond)) tokens/s, \
        \((100 * floorFraction).digits(0)) % of what products alone allow\(others.joined())
        """
    }
  }
}

extension Precision: ExpressibleByArgument {}
