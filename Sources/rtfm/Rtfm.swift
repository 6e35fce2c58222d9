import ArgumentParser
import Foundation

/// The command line: one file a command, in Commands/.
struct Rtfm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rtfm",
    abstract: "Walk through places that a network draws: a real-time frame model.",
    subcommands: [
      Explore.self, Render.self, Evaluate.self, Revisit.self, Train.self, Scenes.self,
      Benchmarks.self, WorldCommand.self, Doctor.self, Selfcheck.self, WeightsFile.self,
      Kernels.self,
    ])
}

/// Exit status 0: done; 1: failed, with one line that says why; 2: the call's words are off.
@main enum Main {
  static func main() async {
    do {
      var command = try Rtfm.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      let status = Rtfm.exitCode(for: error)
      if status == .success || status == .validationFailure { end(with: error, status) }
      note("rtfm: \(error)")
      exit(1)
    }
  }

  /// Help goes to standard output with status 0, what is wrong with the words elsewhere with 2.
  private static func end(with error: any Error, _ status: ExitCode) -> Never {
    let message = Rtfm.fullMessage(for: error)
    if status == .success { print(message) } else { note(message) }
    exit(status == .success ? 0 : 2)
  }
}
