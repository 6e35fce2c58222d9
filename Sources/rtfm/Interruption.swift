import Dispatch
import Foundation
import Synchronization

/// Runs something until it ends, or is cancelled by Ctrl-C; a second Ctrl-C ends the program.
///
/// Programs that end others may signal twice at once (`timeout` does): half a second counts as once.
///
/// - Parameter endsSlowly: whether what is under way may take a while, and to say so.
func untilInterrupted(
  endsSlowly: Bool = false, _ body: @escaping @Sendable () async throws -> Void
) async throws {
  let task = Task { try await body() }
  let begun = Mutex<ContinuousClock.Instant?>(nil)
  let sources = [SIGINT, SIGTERM].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number)
    source.setEventHandler {
      let first = begun.withLock { begun in
        defer { begun = begun ?? .now }
        return begun
      }
      guard let first else {
        if endsSlowly { note("ending after this frame; once more ends it at once") }
        return task.cancel()
      }
      // What is running goes on until the end, so that nothing may be taken down under it.
      if ContinuousClock.now - first > .milliseconds(500) { _exit(130) }
    }
    source.resume()
    return source
  }
  defer { for source in sources { source.cancel() } }
  try await task.value
}
