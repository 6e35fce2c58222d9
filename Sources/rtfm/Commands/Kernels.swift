import ArgumentParser
import Filming
import Procedural
import Torch

/// `rtfm kernels`: the tracer compiled for a GPU that need not be here.
struct Kernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compile the tracer for a GPU ahead of time (needs NVRTC, and no GPU).",
    discussion: "A program that finds the folder in RTFM_KERNELS saves up to a minute of compiling."
  )

  @Argument(help: "The folder to write to.")
  var folder: String
  @Option(help: "The GPU's compute capability times ten: 90 for an H100 or H200.")
  var architecture = 90

  func run() throws {
    note("wrote \(try FilmKernel.keep(architecture: architecture, in: folder))")
  }
}
