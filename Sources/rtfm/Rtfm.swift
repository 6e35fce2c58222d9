import ArgumentParser
import Foundation
import Torch

/// The command line: one file a command, in Commands/.
struct Rtfm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rtfm",
    abstract: "Walk through places that a network draws: a real-time frame model.",
    subcommands: [
      Explore.self, Ingest.self, Render.self, Evaluate.self, Revisit.self, Adapt.self, Train.self,
      Scenes.self,
      Benchmarks.self, WorldCommand.self, Doctor.self, Selfcheck.self, WeightsFile.self,
      Kernels.self,
    ])
}

/// Exit status 0: done; 1: failed, with one line that says why; 2: the call's words are off.
@main enum Main {
  static func main() async {
    // Who listens no more is told no more; what is done is done to its end.
    signal(SIGPIPE, SIG_IGN)
    var command: any ParsableCommand
    do { command = try Rtfm.parseAsRoot() } catch { end(with: error, Rtfm.exitCode(for: error)) }
    do {
      try await run(&command)
      try checkPrinted()
      leave(0)
    } catch let error as ValidationError {
      note("rtfm: \(error.message)")
      leave(2)
    } catch let error as DeviceError where error.isUnknown {
      note("rtfm: \(error)")
      leave(2)
    } catch {
      let status = Rtfm.exitCode(for: error)
      if status == .success { end(with: error, status) }
      note("rtfm: \(error)")
      leave(1)
    }
  }

  private static func run(_ command: inout any ParsableCommand) async throws {
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      try command.run()
    }
  }

  /// Ends at once: other threads may still compute, and what tidies up after libtorch when a program
  /// exits must not do so under them.
  private static func leave(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }

  /// Help goes to standard output with status 0, what is wrong with the words elsewhere with 2.
  private static func end(with error: any Error, _ status: ExitCode) -> Never {
    let message = Rtfm.fullMessage(for: error)
    if status == .success { print(message) } else { note(message) }
    leave(status == .success ? 0 : 2)
  }
}
