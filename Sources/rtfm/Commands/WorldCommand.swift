public import ArgumentParser
public import Captures
import Foundation
import Images
import Memory
import Scene

/// `rtfm world`: looks after the files that worlds are kept in.
struct WorldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "world",
    abstract: "Look after a world's file: what is in it, is it whole, copies.",
    subcommands: [Info.self, Verify.self, Export.self, Import.self, Branch.self])

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what is in a world.")

    @Argument(help: "A world's file.") var world: String
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
      let report = try WorldFile.inspect(world, thoroughly: false)
      if json { try printJSON(report) } else { print(report.text + report.walkText) }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check every byte of a world against what was written; status 1 if any differs.")

    @Argument(help: "A world's file; it is not changed.") var world: String
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
      let report = try WorldFile.inspect(world, thoroughly: true)
      if json { try printJSON(report) } else { print(report.text) }
      if !report.problems.isEmpty {
        throw WorldCommandError(
          description: "\(world): is damaged; `rtfm world import \(world) --out NEW.world` copies "
            + "what is whole")
      }
      note("\(world): every byte is as it was written")
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a world as a folder that other programs read, and rtfm too.")

    @Argument(help: "A world's file.") var world: String
    @Option(help: "The folder; it must not be there, or be empty.") var out: String
    @Option(help: "nerfstudio (transforms.json) or colmap (a text model in sparse/0).")
    var format = Capture.Layout.nerfstudio
    @Flag(help: "Only the given pictures, not the drawn ones.") var given = false

    func run() throws {
      let file = try WorldFile(at: world)
      let count = try file.export(to: out, givenOnly: given, layout: format)
      try file.close()
      note("wrote \(count) frames to \(out)")
      try Shelf.copyOwnModel(of: world, to: out)
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a world of a capture, or of what is whole in a damaged or foreign world.")

    @Argument(
      help: "A capture's folder (transforms.json or COLMAP), or a world's file; it is not changed.")
    var source: String
    @Option(help: "The new world's file.") var out: String

    func run() throws {
      if isWorld(source) { return try salvage() }
      try Place.refuseUnposed(source)
      guard !Shots.isPhoto(source) else { throw PlaceError.isOnePhoto(source) }
      let capture = try Capture(contentsOf: source)
      try capture.makeWorld(at: out)
      note("wrote \(capture.count) keyframes to \(out)")
      try Shelf.copyOwnModel(of: source, to: out)
    }

    private func salvage() throws {
      let name = URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent
      let report = try WorldFile.salvage(source, to: out) { cameras in
        PlaceRecord(name: name, up: Capture.up(of: cameras), scale: Capture.scale(of: cameras))
      }
      for loss in report.lost { note("lost: \(loss)") }
      note("wrote \(report.keyframes) keyframes and \(report.walks) walks to \(out)")
    }
  }

  struct Branch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy a world: the two share nothing from then on.")

    @Argument(help: "A world's file.") var world: String
    @Option(help: "The copy's file.") var out: String

    func run() throws {
      let file = try WorldFile(at: world)
      try file.branch(to: out)
      try file.close()
      note("wrote \(file.status.saved) keyframes to \(out)")
      try Shelf.copyOwnModel(of: world, to: out)
    }
  }
}

extension Capture.Layout: ExpressibleByArgument {}

struct WorldCommandError: Error, CustomStringConvertible {
  let description: String
}

extension WorldReport {
  /// One thing a line.
  fileprivate var text: String {
    var lines = [
      "\(file): '\(name ?? "?")', format \(format), \(bytes) bytes",
      "\(keyframes) keyframes, \(given) of them given; \(walks) \(walks == 1 ? "walk" : "walks"), "
        + "\(frames) frames drawn",
    ]
    lines += problems.map { "problem: \($0)" }
    if hasMoreProblems { lines.append("and more problems") }
    return lines.joined(separator: "\n")
  }

  /// A line for each walk.
  fileprivate var walkText: String {
    newestWalks.map { walk in
      let day = Date(timeIntervalSince1970: Double(walk.begun) / 1000)
        .formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon))
      return "\nwalk \(walk.id): \(day), \(walk.frames) frames by \(walk.model)"
    }.joined()
  }
}
