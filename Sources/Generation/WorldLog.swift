import Foundation
import Images
public import Memory
import Scene
import Torch

extension World {
  /// What draws a walk, for the log: a replay needs the same.
  public struct Author: Hashable, Sendable {
    public var model: String
    /// A checksum of the model's file.
    public var weights: String

    public init(model: String, weights: String) { (self.model, self.weights) = (model, weights) }
  }

  /// What a walk's log says of how it was drawn: all that a replay has to set alike.
  public struct Recipe: Codable, Hashable, Sendable {
    public var settings: Settings
    public var width: Int
    public var height: Int
    public var precision: Precision
    public var device: String

    /// Reads the settings of a walk; nil where they are no recipe.
    public init?(_ walk: WalkRecord) {
      let data = Data(walk.settings.utf8)
      let sides = 1...Image.sideLimit
      guard let recipe = try? JSONDecoder().decode(Recipe.self, from: data),
        sides.contains(recipe.width), sides.contains(recipe.height),
        (0...64).contains(recipe.settings.contexts),
        recipe.settings.steps.isPossible
      else { return nil }
      self = recipe
    }

    init(_ model: FrameModel, _ settings: Settings, width: Int, height: Int) {
      (self.settings, self.width, self.height) = (settings, width, height)
      (precision, device) = (model.precision, model.device.description)
    }

    var json: String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
  }

  /// The log of the walk that is under way: every camera that is drawn, in order.
  final class Log {
    let file: WorldFile
    let walk: Int
    private var frames = 0

    init(
      _ file: WorldFile, _ author: Author, _ model: FrameModel, _ settings: Settings, width: Int,
      height: Int, known: Int
    ) throws {
      self.file = file
      let last = try file.walks().last?.id ?? 0
      guard last < .max else {
        throw WorldFileError.damaged(file: file.path, reason: "its last walk has no successor")
      }
      walk = last + 1
      let recipe = Recipe(model, settings, width: width, height: height)
      file.begin(
        WalkRecord(
          id: walk, known: known, model: author.model, weights: author.weights,
          settings: recipe.json))
    }

    func note(_ camera: Camera) {
      file.log(camera, walk: walk, frame: frames)
      frames += 1
    }
  }
}
