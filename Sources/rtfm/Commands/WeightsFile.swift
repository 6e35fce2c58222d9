import ArgumentParser

/// `rtfm weights`: files cut into parts small enough to be carried, and put together again.
struct WeightsFile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Cut a file of weights into small parts, and put them together again.",
    subcommands: [Split.self, Join.self])

  struct Split: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Cut a file into parts, FILE.part-01-of-NN and so on.")

    @Argument(help: "The file to cut: weights, or any other.")
    var file: String
    @Option(help: "The largest size of a part, in MiB.")
    var megabytes = 15
    @Option(help: "The folder that parts go to; the file's own by default.")
    var out: String?

    func validate() throws {
      guard (1...4096).contains(megabytes) else {
        throw ValidationError("megabytes is 1 to 4096")
      }
    }

    func run() throws {
      for part in try Part.split(file, limit: megabytes << 20, into: out) { print(part) }
    }
  }

  struct Join: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a file together from its parts, given in any order.")

    @Argument(help: "All the parts.")
    var parts: [String]
    @Option(help: "The file to write.")
    var out: String

    func run() throws {
      try Part.join(parts, to: out)
      note("wrote \(out)")
    }
  }
}
