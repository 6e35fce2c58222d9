import Foundation
import Layers
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

@Suite struct ModelFileTests {
  @Test func float32KeepsEveryBit() throws {
    let model = FrameModel.lively(.with { $0.rotaryPeak = 9.5 })
    let read = try roundTrip(model.safetensors(.float32, metadata: ["step": "7"]))
    #expect(read.configuration == model.configuration)
    #expect(read.metadata["step"] == "7" && read.resolution == 256)
    #expect(read.parameters.map(\.name) == model.parameters.map(\.name))
    for (a, b) in zip(read.parameters, model.parameters) {
      #expect(a.tensor.bytes == b.tensor.bytes)
    }
  }

  /// What earlier versions did not write.
  @Test func aFileHasThePlacesOfItsTime() throws {
    var file = FrameModel(.with { $0.overlap = 0 }, seed: 1).safetensors(.float32)
    let text = try #require(file.metadata["configuration"])
    var json = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(json.removeValue(forKey: "rotaryBase") as? Double == 16)
    #expect(json.removeValue(forKey: "valuePeak") as? Double == 8)
    #expect(json.removeValue(forKey: "overlap") as? Int == 0)
    #expect(json.removeValue(forKey: "anchorSpread") as? Double == 1)
    file.metadata["configuration"] = String(
      decoding: try JSONSerialization.data(withJSONObject: json), as: UTF8.self)
    let old = try roundTrip(file).configuration
    #expect(old.rotaryBase == 100 && old.valuePeak == nil)
    #expect(old.anchorPull == nil && old.anchorSpread == 1 && old.overlap == 0)
  }

  @Test func float16HalvesTheFileAndBarelyChangesThePicture() throws {
    let model = FrameModel.lively()
    let file = model.safetensors(.float16, metadata: ["resolution": "64"])
    #expect(file.tensors.values.allSatisfy { $0.type == .float16 })
    let read = try roundTrip(file)
    #expect(read.resolution == 64)
    #expect(read.parameters.allSatisfy { $0.tensor.type == .float32 })
    var scenes = Scenes(seed: 1)
    let (frames, query) = (scenes.frames(2), scenes.camera())
    expectClose(
      read.drawing(query, from: frames), model.drawing(query, from: frames), within: 1e-2,
      "weights of 11 bits")
  }

  @Test func theSameSeedGivesTheSameModel() {
    let models = [1, 1, 2].map { FrameModel(.tiny, seed: $0) }
    let bytes = models.map { $0.parameters.map(\.tensor.bytes) }
    #expect(bytes[0] == bytes[1] && bytes[0] != bytes[2])
  }

  @Test func aReplicaSharesWeightsAndACopyDoesNot() {
    let model = FrameModel(.tiny, seed: 1)
    let (replica, copy) = (model.replica(), model.copy())
    model.parameters[0].tensor.fill(3)
    #expect(Set(replica.parameters[0].tensor.floats) == [3])
    #expect(Set(copy.parameters[0].tensor.floats) != [3])
    replica.parameters[0].tensor.trackGradient()
    #expect(!model.parameters[0].tensor.requiresGradient)
  }

  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whole error texts, without the file's name.
    let reason: String
    let apply: @Sendable (inout Safetensors) -> Void

    init(_ what: String, _ reason: String, _ apply: @escaping @Sendable (inout Safetensors) -> Void)
    {
      (testDescription, self.reason, self.apply) = (what, reason, apply)
    }

    /// A configuration with one value replaced.
    static func configuration(_ key: String, _ value: Any?, _ reason: String) -> Damage {
      let text = value.map { "\($0)" } ?? "nothing"
      let json = text  // crosses to the closure as text
      return Damage("\(key) = \(text)", reason) { file in
        let old = file.metadata["configuration"]!
        let pattern = try! Regex("\"\(key)\":(\\[[^\\]]*\\]|[^,}]*)")
        file.metadata["configuration"] = old.replacing(pattern, with: "\"\(key)\":\(json)")
      }
    }
  }

  static let damages: [Damage] = [
    Damage("no configuration", "is not a frame model's: it has no configuration") {
      $0.metadata = [:]
    },
    Damage("no JSON", "it can't be read") { $0.metadata["configuration"] = "nonsense" },
    Damage("an array", "it can't be read") { $0.metadata["configuration"] = "[1]" },
    Damage("an empty object", "it can't be read") { $0.metadata["configuration"] = "{}" },
    .configuration("layers", "\"two\"", "it can't be read"),
    .configuration("layers", 1.5, "it can't be read"),
    .configuration("layers", 1e300, "it can't be read"),
    .configuration("layers", 0, "a size is out of range"),
    .configuration("layers", -1, "a size is out of range"),
    .configuration("width", 1_000_000_000, "a size is out of range"),
    .configuration("width", Int.max, "a size is out of range"),
    .configuration("overlap", Int.max, "which is not 0 to 2"),
    .configuration("overlap", -1, "which is not 0 to 2"),
    .configuration("overlap", 1, "has [192, 64] for tensor 'image.weight', where [108, 64]"),
    .configuration("patch", 0, "a size is out of range"),
    .configuration("registers", -4, "a size is out of range"),
    .configuration("heads", 3, "2 key/value heads for 3 heads"),
    .configuration("headWidth", 20, "head width 20 for 2 anchors"),
    .configuration("anchors", -1, "head width 32 for -1 anchors"),
    .configuration("anchors", 3, "head width 32 for 3 anchors"),
    .configuration("anchors", 1_000_000, "anchors"),
    .configuration("anchorRange", [1.0], "anchor range [1.0]"),
    .configuration("anchorRange", [3.0, 1.0], "anchor range [3.0, 1.0]"),
    .configuration("anchorRange", [0.0, 1.0], "anchor range [0.0, 1.0]"),
    .configuration(
      "layers", 1, "has tensor 'layers.1.down.weight', which this network has no place"),
    .configuration("layers", 3, "lacks tensor 'layers.2.query.weight'"),
    .configuration("layers", 60_000, "lacks tensor 'layers.2.query.weight'"),
    .configuration("patch", 8, "has [64, 96] for tensor 'embed.weight', where [64, 384] belongs"),
    .configuration("width", 65_536, "for tensor 'embed.weight'"),
    Damage("a tensor less", "lacks tensor 'registers'") { $0.tensors["registers"] = nil },
    Damage("a tensor more", "has tensor 'zebra', which this network has no place for") {
      $0.tensors["zebra"] = .zeros([1])
    },
    Damage("another shape", "has [64, 4] for tensor 'registers', where [4, 64] belongs") {
      $0.tensors["registers"] = .zeros([64, 4])
    },
    Damage("not a number", "numbers in tensor 'registers' that are infinite or none") {
      $0.tensors["registers"] = Tensor([Float](repeating: 1, count: 255) + [.nan], shape: [4, 64])
    },
    Damage("infinite", "numbers in tensor 'registers' that are infinite or none") {
      $0.tensors["registers"] = Tensor(repeating: -.infinity, shape: [4, 64])
    },
    Damage("a resolution that nobody draws", "resolution '65536'") {
      $0.metadata["resolution"] = "65536"
    },
    Damage("resolution 0", "resolution '0'") { $0.metadata["resolution"] = "0" },
    Damage("negative resolution", "resolution '-64'") { $0.metadata["resolution"] = "-64" },
    Damage("huge resolution", "resolution '99999999999'") {
      $0.metadata["resolution"] = "99999999999"
    },
    Damage("no number as resolution", "resolution 'big'") { $0.metadata["resolution"] = "big" },
  ]

  @Test(arguments: damages) func damagedModelsAreRefusedByNameAndReason(damage: Damage) throws {
    var file = FrameModel(.tiny, seed: 1).safetensors(.float32)
    damage.apply(&file)
    do {
      _ = try FrameModel(file, origin: "some.safetensors")
      Issue.record("it was taken")
    } catch {
      let text = String(describing: error)
      #expect(text.hasPrefix("weights file 'some.safetensors' ") && text.contains(damage.reason))
      #expect(error is ModelError || error is WeightsError)
    }
  }

  @Test func filesThatAreNoModelsAreRefused() throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/model"
      #expect(throws: SafetensorsError.self) { try FrameModel(contentsOf: path) }
      try Data("\u{89}PNG\r\n\u{1A}\n and so on".utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: SafetensorsError.self) { try FrameModel(contentsOf: path) }
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test func goldenLayersAreNoModel() {
    #expect(throws: ModelError.noConfiguration(path: Package.golden("layers"))) {
      try FrameModel(contentsOf: Package.golden("layers"))
    }
  }

  private func roundTrip(_ file: Safetensors) throws -> FrameModel {
    try Package.withTemporaryFolder { folder in
      try file.write(to: "\(folder)/model.safetensors")
      return try FrameModel(contentsOf: "\(folder)/model.safetensors")
    }
  }
}

@Suite struct ConfigurationTests {
  @Test(arguments: [
    ("nano", 3.13e6), ("small", 23.5e6), ("base", 119e6), ("large", 469e6),
    ("huge", 1.08e9), ("giant", 2.07e9),
  ])
  func presetsHaveAboutTheParametersThatTheyClaim(name: String, claim: Double) throws {
    let configuration = try Configuration.preset(named: name)
    #expect(configuration.flaw == nil)
    let ratio = Double(configuration.countedByHand) / claim
    #expect((0.99...1.01).contains(ratio), "\(configuration.countedByHand)")
  }

  @Test(arguments: [Configuration.tiny, .nano, .small]) func modelsHaveTheCountedParameters(
    configuration: Configuration
  ) {
    #expect(FrameModel(configuration, seed: 1).parameterCount == configuration.countedByHand)
  }

  @Test func unknownPresetsAreRefusedWithTheKnownOnes() {
    let error = #expect(throws: ModelError.preset("tiny")) {
      try Configuration.preset(named: "tiny")
    }
    #expect(error?.description.contains("nano, small, base, large, huge, giant") == true)
  }

  @Test func anchorsSpreadOverTheRangeAndInterleaveHeads() throws {
    let golden = try Golden("odd")
    expectClose(
      Tensor(golden.model.configuration.anchorDepths, shape: [2, 2]),
      golden["positions/depths"].to(.float32), within: 1e-6, "drawn together by a spread of 0.6")
    let depths = Configuration.tiny.anchorDepths
    #expect(depths.first == 0.35 && depths.max() == 3.5)
    #expect(depths[0] < depths[2] && depths[2] < depths[1])
  }

  @Test func noiseGrowsWithTheSideFrom256() {
    #expect(Configuration.noiseScale(width: 64, height: 64) == 1)
    #expect(Configuration.noiseScale(width: 256, height: 256) == 1)
    #expect(Configuration.noiseScale(width: 512, height: 512) == 2)
    #expect(Configuration.noiseScale(width: 1024, height: 256) == 2)
  }
}

extension Configuration {
  /// Documentation/NETWORK.md's list of weights, added up.
  fileprivate var countedByHand: Int {
    let (d, p, w) = (headWidth, 3 * patch * patch, patch + 2 * overlap)
    let attention =
      2 * heads * d * width + 2 * keyValueHeads * d * width + 2 * d + 2 * keyValueHeads * d
    let block = attention + 3 * width * hidden + 6 * width
    let door = 2 * p * width + registers * width + 2 * width + 128 * width + 6 * width * width
    return layers * block + door + 3 * w * w * width + 5 * width
  }
}
