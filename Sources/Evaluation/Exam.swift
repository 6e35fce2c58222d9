public import Captures
import Foundation
public import Procedural
public import Scene

/// A place whose frames are to be drawn from one another: which ones, and from which.
public struct Exam: Sendable {
  public let name: String
  /// Whose results are also given by themselves: a procedural world's family.
  public let group: String?
  public let frames: [Frame]
  /// The frames to draw, as indices.
  public let targets: [Int]
  /// The frames to draw them from, as indices; a target is never its own source.
  public let sources: [Int]
  /// World units a network unit.
  public let scale: Double
  /// What the frames show, where that is known: for the splits into covered and not, and what
  /// reflects.
  let films: [Film]?

  /// - Precondition: targets and sources are indices of frames.
  public init(
    name: String, group: String? = nil, frames: [Frame], targets: [Int], sources: [Int],
    scale: Double, films: [Film]? = nil
  ) {
    precondition((targets + sources).allSatisfy(frames.indices.contains), "Exam: no such frame")
    (self.name, self.group, self.frames) = (name, group, frames)
    (self.targets, self.sources, self.scale, self.films) = (targets, sources, scale, films)
  }

  /// For each pixel of a target, whether any frame of its context shows the same surface; nil where
  /// nobody knows.
  func covered(_ target: Int, by context: [Int]) -> [Bool]? {
    films.map { films in films[target].covered(by: context.map { films[$0] }) }
  }

  /// For each pixel of a target, whether it is glossy or a mirror's; nil where nobody knows.
  func reflective(_ target: Int) -> [Bool]? { films?[target].reflective }
}

extension Film {
  /// For each pixel, whether any of the others shows the same surface.
  func covered(by others: [Film]) -> [Bool] {
    var seen = [Bool](repeating: false, count: depth.count)
    for other in others {
      for (i, sees) in visibility(from: other).enumerated() where sees { seen[i] = true }
    }
    return seen
  }
}

extension ProceduralWorld {
  /// A world that no training sees: its seeds have 48 bits, these more. Style and lens come from the
  /// seed, so each family has seeds of its own.
  init(heldOut number: Int, family: Family, style: Style? = nil) {
    let kind = UInt64(Family.allCases.firstIndex(of: family)!)
    self.init(family, seed: 0xE7A1_0000_0000_0000 + kind << 32 + UInt64(number), style: style)
  }
}

extension Exam {
  /// A world that no training sees.
  ///
  /// Of a walk of 16 frames, 4 are drawn from what recall finds among the other 12.
  public init(procedural number: Int, family: ProceduralWorld.Family, side: Int) {
    let world = ProceduralWorld(heldOut: number, family: family)
    let lens = world.lens(width: side, height: side)
    let films = world.walk(count: 16, intrinsics: lens, seed: 0).map {
      world.film($0, threads: ProceduralWorld.cores)
    }
    let targets = films.indices.filter { $0 % 4 == 2 }
    self.init(
      name: "\(family.rawValue) \(number)", group: family.rawValue, frames: films.map(\.frame),
      targets: targets, sources: films.indices.filter { !targets.contains($0) },
      scale: world.scale, films: films)
  }

  /// A real place: every frame is drawn in turn from the others; or, with a split, its targets from
  /// its contexts.
  ///
  /// - Throws: `CaptureError` or `ImageError`.
  public init(_ capture: Capture, side: Int, split: Split? = nil) throws {
    let frames = try capture.frames(width: side, height: side)
    let names = capture.entries.map(\.path)
    func indices(_ files: [String]) throws -> [Int] {
      try files.map { file in
        guard let i = names.firstIndex(where: { $0 == file || $0.hasSuffix("/\(file)") }) else {
          throw CaptureError.missing(
            file: file, reason: "\(capture.name)'s splits.json names this image, which it lacks")
        }
        return i
      }
    }
    self.init(
      name: capture.name, frames: frames,
      targets: try split.map { try indices($0.target) } ?? Array(frames.indices),
      sources: try split.map { try indices($0.context) } ?? Array(frames.indices),
      scale: capture.scale)
  }

  /// Which pictures of a capture are to be drawn, and from which: an entry of a `splits.json`.
  public struct Split: Codable, Hashable, Sendable {
    public var context: [String]
    public var target: [String]

    /// The split of that name in a capture's folder.
    ///
    /// - Throws: `CaptureError`, naming the file and the splits that it has.
    public init(named name: String, in folder: String) throws {
      let file = "\(folder)/splits.json"
      guard let data = FileManager.default.contents(atPath: file) else {
        throw CaptureError.missing(file: file, reason: "there is no such file, so no splits")
      }
      let splits: [String: Split]
      do { splits = try JSONDecoder().decode([String: Split].self, from: data) } catch {
        throw CaptureError.invalid(
          file: file, reason: "is not {\"name\": {\"context\": [..], \"target\": [..]}, ..}")
      }
      guard let split = splits[name], !split.target.isEmpty else {
        throw CaptureError.missing(
          file: file,
          reason:
            "has no targets for '\(name)', but: \(splits.keys.sorted().joined(separator: ", "))")
      }
      self = split
    }
  }
}
