public import ArgumentParser

/// A picture's size on the command line: `256x192`, or `256` for a square.
public struct Size: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
  public let width: Int
  public let height: Int

  init(side: Int) { (width, height) = (side, side) }

  init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

  public init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard let w = parts.first ?? nil, let h = parts.last ?? nil, parts.count <= 2,
      (16...16384).contains(w), (16...16384).contains(h)
    else { return nil }
    (width, height) = (w, h)
  }

  public var description: String { "\(width)x\(height)" }
}
