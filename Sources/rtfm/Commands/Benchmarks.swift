import ArgumentParser

/// `rtfm bench`: drawing, unless it is told to measure something else.
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the speed of drawing, or what the memory recalls and how fast.",
    discussion: "`rtfm help bench drawing` has the options that may follow `rtfm bench` directly.",
    subcommands: [Bench.self, BenchRecall.self], defaultSubcommand: Bench.self)
}
