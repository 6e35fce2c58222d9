import ArgumentParser
import Foundation
import Generation
import Torch

/// `rtfm doctor`: what this machine has, and what is missing.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine has: devices, libraries, models, worlds; and what is missing.")

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let report = Report()
    if json { return try printJSON(report) }
    print(report.text)
  }
}

extension Doctor {
  struct Report: Encodable {
    /// The toolchain on the path, or the one that built this program.
    let swift: String
    let libtorch: String
    let cores: Int
    let devices: [String]
    /// What the NVIDIA GPUs among them say about themselves.
    let gpus: [GPUFacts]
    /// The version of NVRTC, which compiles the tracer for a GPU; nil where it isn't here.
    let nvrtc: String?
    /// What programs are found, and the first line of what they say about themselves.
    let tools: [String: String]
    let models: [Model]
    let worlds: [String]
    let missing: [Gap]

    init() {
      swift =
        Command("swift", "--version").firstLine ?? "\(builtWith) (built with; not on the path)"
      libtorch = Runtime.version
      cores = ProcessInfo.processInfo.activeProcessorCount
      devices = Device.all.map(\.description)
      gpus = Device.all.compactMap(\.facts)
      nvrtc = GPUCode.compiler
      let wanted = [
        ("ffmpeg", "-version"), ("colmap", "help"), ("python3", "--version"),
        ("chromium", "--version"),
      ]
      let found = wanted.compactMap { name, flag in
        Command(name, flag).firstLine.map { (name, $0) }
      }
      tools = Dictionary(uniqueKeysWithValues: found)
      models = Shelf.models.names.map(Model.init)
      worlds = Shelf.worlds.names
      missing = Gap.all(tools: tools, models: models, gpus: gpus)
    }
  }

  /// A model's file: what it is, or why it can't be used.
  struct Model: Encodable {
    let name: String
    var parameters: Int?
    var metadata: [String: String]?
    var error: String?

    init(named name: String) {
      self.name = name
      do {
        let model = try FrameModel(contentsOf: Shelf.models.path(of: name))
        parameters = model.parameterCount
        metadata = model.metadata
      } catch {
        self.error = "\(error)"
      }
    }
  }

  /// Something that is not there, and how to get it.
  struct Gap: Encodable {
    let name: String
    let how: String

    static func all(tools: [String: String], models: [Model], gpus: [GPUFacts]) -> [Gap] {
      var gaps = fromSetup ?? []
      func need(_ name: String, _ how: String) {
        if !gaps.contains(where: { $0.name == name }) { gaps.append(Gap(name: name, how: how)) }
      }
      if lacksAVX2 {
        need("AVX2", "made-up worlds are filmed by it; on x86-64 no other CPU can do that")
      }
      if tools["ffmpeg"] == nil { need("ffmpeg", "for films: apt-get install ffmpeg") }
      if tools["colmap"] == nil { need("colmap", "for poses of photos: apt-get install colmap") }
      if models.isEmpty {
        need("model", "train one (rtfm train), or set RTFM_MODELS to its folder")
      }
      if !gpus.isEmpty, GPUCode.compiler == nil {
        need("nvrtc", "for films on the GPU: pip install nvidia-cuda-nvrtc, or set RTFM_NVRTC")
      }
      for model in models where model.error != nil {
        need("model \(model.name)", "\(model.error!); bring the file again")
      }
      return gaps
    }

    /// Whether this is an x86-64 CPU older than x86-64-v3, for which the tracer is compiled.
    private static var lacksAVX2: Bool {
      guard let facts = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
        let flags = facts.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
      else { return false }
      return !flags.split(separator: " ").contains("avx2")
    }

    /// What `Scripts/setup --check` finds missing; nil where that isn't above the program.
    private static var fromSetup: [Gap]? {
      guard let script = SourceTree.file("Scripts/setup") else { return nil }
      return Command(script, "--check").lines.compactMap { line in
        guard let match = line.wholeMatch(of: /missing: (.+?) \((.+)\)/) else { return nil }
        return Gap(name: String(match.1), how: String(match.2))
      }
    }
  }
}

extension Doctor.Report {
  /// For people.
  fileprivate var text: String {
    let tools = tools.sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) }
    let lines =
      [("swift", swift), ("libtorch", libtorch), ("cores", "\(cores)")]
      + [("devices", devices.joined(separator: ", "))]
      + gpus.map { ("gpu", "\($0.name), \($0.processors) processors, \($0.memory >> 30) GiB") }
      + (nvrtc.map { [("nvrtc", $0)] } ?? []) + tools
      + models.map { ("model", $0.text) } + worlds.map { ("world", $0) }
      + missing.map { ("missing", "\($0.name): \($0.how)") }
    let end = missing.isEmpty ? "nothing is missing" : "\(missing.count) things are missing"
    return (lines.map { $0.0.padded(to: 10) + $0.1 } + [end]).joined(separator: "\n")
  }
}

extension Doctor.Model {
  fileprivate var text: String {
    if let error { return "\(name): \(error)" }
    let facts = (metadata ?? [:]).filter { $0.key != "configuration" }.sorted { $0.key < $1.key }
    return "\(name): \(parameters ?? 0) parameters"
      + facts.map { ", \($0.key) \($0.value)" }.joined()
  }
}

/// The compiler that built this program.
private var builtWith: String {
  #if compiler(>=6.4)
    "Swift 6.4 or newer"
  #elseif compiler(>=6.3)
    "Swift 6.3"
  #elseif compiler(>=6.2)
    "Swift 6.2"
  #else
    "Swift 6.1"
  #endif
}
