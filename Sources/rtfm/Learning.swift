import Captures
import Foundation
import Generation
import Torch
import Training

// What the commands that train share.

/// Trains until the run's end, until time is up, or until someone asks the program to end.
///
/// - Throws: as `TrainingRun.run`.
func learn(_ run: TrainingRun, minutes: Double? = nil) throws {
  var run = run
  let device = run.trainer.model.device
  signal(SIGXFSZ, SIG_IGN)  // a file's size limit is then an error like a full disk
  Interruption.catch()
  let trainer = run.trainer
  if device != .cpu {
    // For the heads of a network whose layers compute in BFloat16.
    Runtime.allowTF32(trainer.precision == .bfloat16)
    // cuDNN is faster, once it has made a plan for a size: dropped tokens and replaced contexts give
    // many, and what plans for them cost no GPU has measured yet.
    Runtime.allowCuDNNAttention(trainer.plan.tokenDropout == 0)
  }
  note("\(trainer.model.parameterCount) parameters on \(device), from step \(trainer.step)")
  note(trainer.filming)
  if let reason = PlacingKernels.reason(on: device) {
    note("tokens are placed by many operations, which takes longer: \(reason)")
  }
  if case .cuda = device {
    let c = trainer.model.configuration
    for width in [c.width, c.headWidth] {
      guard let reason = RowKernels.reason(on: device, width: width) else { continue }
      note("rows of \(width) channels go by many operations, which takes longer: \(reason)")
    }
  }
  try run.run(minutes: minutes, stop: { Interruption.came }) { note($0) }
}

/// The pictures to learn from of a capture or a world.
///
/// - Throws: as `withCapture` and `Plan.albums(of:)` do.
func albums(at path: String, for plan: Plan) throws -> [Album] {
  try withCapture(at: path) { try plan.albums(of: $0) }
}

/// A path that means the same from any working directory: a run may be resumed from another.
func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

/// Whether someone asked the program to end: training then saves first. A second time ends it.
private enum Interruption {
  nonisolated(unsafe) static var flag: sig_atomic_t = 0
  static var came: Bool { flag != 0 }

  static func `catch`() {
    for number in [SIGINT, SIGTERM] {
      var mask = sigset_t()  // whoever started the program may have blocked them
      sigemptyset(&mask)
      sigaddset(&mask, number)
      pthread_sigmask(SIG_UNBLOCK, &mask, nil)
      signal(number) { number in
        Interruption.flag = 1
        signal(number, SIG_DFL)
      }
    }
  }
}
