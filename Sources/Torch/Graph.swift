internal import CTorch

/// Work on an NVIDIA GPU, recorded once and done again as often as you like, in one go: a step of
/// hundreds of operations then costs the CPU no more than one (a CUDA graph).
///
///     let graph = try Graph(on: .cuda(0)) { y = model(x) }
///     x.set(next); graph.replay()  // y has the new values
///
/// A replay reads and writes the memory that the recording did. So inputs are changed in place, what
/// `body` makes keeps its place, and numbers that were computed on the CPU stay as they were.
public final class Graph {
  private let pointer: OpaquePointer

  /// Whether work can be recorded: a GPU of NVIDIA's, and the library that comes in the bundle.
  public static func isPossible(on device: Device) -> Bool {
    if case .cuda = device { ct_has_graphs() } else { false }
  }

  /// Tries the work twice, so that libraries have what they need, then records it.
  ///
  /// - Parameter body: neither waits for the device nor brings anything to or from the CPU.
  /// - Throws: `GPUError` when there is no such GPU, or when it could not record the work.
  public init(on device: Device, _ body: () throws -> Void) throws {
    guard case .cuda = device else {
      throw GPUError("recorded work: \(device) is no GPU of NVIDIA's; use --device cuda")
    }
    guard let graph = ct_graph_new(device.index) else {
      throw GPUError(failed: "recording on \(device)")
    }
    pointer = graph
    for _ in 0..<2 { try body() }
    try Self.demand(ct_graph_begin(graph))
    try body()
    try Self.demand(ct_graph_end(graph))
  }

  /// Does work that is to be recorded, on any device, and stops the program where it has what a
  /// recording can't have: numbers that come from the CPU, or go there.
  public static func rehearse(_ body: () throws -> Void) rethrows {
    let former = ct_rehearse(true)
    defer { _ = ct_rehearse(former) }
    try body()
  }

  deinit { ct_graph_release(pointer) }

  /// Does the work again, after what was asked of the device before.
  public func replay() { check("replay", [], ct_graph_replay(pointer)) }

  private static func demand(_ status: Int32) throws {
    if status != 0 { throw GPUError(failed: "recording") }
  }
}
