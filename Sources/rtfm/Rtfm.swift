import ArgumentParser

/// The command line: one file a command, in Commands/.
@main struct Rtfm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rtfm",
    abstract: "Walk through places that a network draws: a real-time frame model.",
    subcommands: [Train.self])
}
