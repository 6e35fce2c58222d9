import Foundation
import Torch

/// A folder of things that come with the program: `Models/` and `Worlds/`.
///
/// It is looked for in the environment (`RTFM_MODELS`, `RTFM_WORLDS`), in the working directory, and
/// upwards from the program itself.
struct Shelf: Sendable {
  static let models = Shelf(
    folder: "Models", variable: "RTFM_MODELS", ending: ".safetensors", standard: "rtfm-nano",
    kind: "model", option: "--model")
  static let worlds = Shelf(
    folder: "Worlds", variable: "RTFM_WORLDS", ending: "", standard: "room", kind: "world",
    option: "a capture's folder")

  let folder: String
  let variable: String
  let ending: String
  let standard: String
  let kind: String
  let option: String

  /// The path of what a user names: an existing file, or something on the shelf; the standard one
  /// where nothing is named.
  ///
  /// - Throws: `ShelfError`, saying where it was looked for.
  func path(of name: String? = nil) throws -> String {
    if let name, name.contains("/") || FileManager.default.fileExists(atPath: name) { return name }
    let candidates = places.map { "\($0)/\(name ?? standard)\(ending)" }
    guard let found = candidates.first(where: FileManager.default.fileExists) else {
      throw ShelfError(
        description: "there is no \(kind) '\(name ?? standard)': looked for "
          + "\(candidates.joined(separator: ", ")); give a path with \(option)")
    }
    return found
  }

  /// The path of a place that a user names: what is there, or a world on the shelf; the standard one where
  /// nothing is named.
  func place(_ name: String?) throws -> String {
    guard let name else { return try path() }
    let isThere = name.contains("/") || FileManager.default.fileExists(atPath: name)
    return isThere ? name : (try? path(of: name)) ?? name
  }

  /// The names of everything on the shelf.
  var names: [String] {
    let found = places.compactMap { try? FileManager.default.contentsOfDirectory(atPath: $0) }
    let names = found.joined().filter { !$0.hasPrefix(".") && $0.hasSuffix(ending) }
      .map { String($0.dropLast(ending.count)) }
      .filter { !$0.contains(".") }
    return Set(names).sorted()
  }

  /// Whether a path is that of something on the shelf.
  func holds(_ path: String) -> Bool {
    func whole(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    let folder = URL(fileURLWithPath: whole(path)).deletingLastPathComponent().path
    return places.contains { whole($0) == folder }
  }

  /// The folders to look in, best first.
  private var places: [String] {
    if let set = ProcessInfo.processInfo.environment[variable] { return [set] }
    var url = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      url = URL(fileURLWithPath: own)
    }
    var result = [FileManager.default.currentDirectoryPath + "/\(folder)"]
    while url.path != "/" {
      url.deleteLastPathComponent()
      let place = url.appendingPathComponent(folder).path
      if FileManager.default.fileExists(atPath: place), !result.contains(place) {
        result.append(place)
      }
    }
    return result
  }
}

extension Shelf {
  /// From so many cores on a CPU draws by the larger model: two draw 12 frames a second by it.
  static let manyCores = 8

  /// The path of the model that a user names; else, on a GPU, the larger one if it is there; else the
  /// standard one.
  ///
  /// - Throws: as `path(of:)`.
  func path(of name: String?, on device: Device) throws -> String {
    if name == nil, device != .cpu, let large = try? path(of: "rtfm-small") { return large }
    return try path(of: name)
  }

  /// The path of the model that draws a place: the one that a user names; or the place's own, which
  /// lies in a capture's folder as `model.safetensors`, beside `garden.world` as
  /// `garden.safetensors`; or, on a GPU or a CPU with many cores, the larger one if it is there; or
  /// the standard one.
  ///
  /// The bundled worlds' own are for CPUs with few cores: they are as small as the standard one, and the
  /// larger draws better. Measurements don't go by this: a place's own model knows the pictures that it
  /// would be measured by.
  ///
  /// - Parameters:
  ///   - place: a capture's folder or a world's file; the bundled world for nil.
  ///   - cores: of the CPU.
  /// - Throws: as `path(of:)`.
  func path(
    of name: String?, drawing place: String?, on device: Device,
    cores: Int = ProcessInfo.processInfo.activeProcessorCount
  ) throws -> String {
    if let name { return try path(of: name) }
    let isFast = device != .cpu || cores >= Self.manyCores
    let large = isFast ? try? path(of: "rtfm-small") : nil
    let place = try Shelf.worlds.place(place)
    if let large, Shelf.worlds.holds(place) { return large }
    let own = Self.ownModel(of: place)
    if FileManager.default.fileExists(atPath: own) { return own }
    return try large ?? path()
  }

  /// Gives a copy of a place the place's own model, if there is one, and the copy has none yet.
  static func copyOwnModel(of place: String, to copy: String) throws {
    let (own, new) = (ownModel(of: place), ownModel(of: copy))
    let files = FileManager.default
    guard files.fileExists(atPath: own), !files.fileExists(atPath: new) else { return }
    try files.copyItem(atPath: own, toPath: new)
    note("wrote the place's own model to \(new)")
  }

  private static func ownModel(of place: String) -> String {
    let url = URL(fileURLWithPath: place)
    if isWorld(place) { return url.deletingPathExtension().path + ".safetensors" }
    let isFile = place.hasSuffix(".json")  // which names the pictures beside it
    return (isFile ? url.deletingLastPathComponent() : url).path + "/model.safetensors"
  }
}

/// Something that should have come with the program and is not there.
struct ShelfError: Error, CustomStringConvertible {
  let description: String
}
