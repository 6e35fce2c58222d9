public import ArgumentParser

/// Whole numbers on the command line, with commas between them: `1,2,4,8`.
public struct Counts: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
  public let values: [Int]

  init(_ values: [Int]) { self.values = values }

  public init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard let values = parts as? [Int], values.allSatisfy({ $0 >= 0 }) else { return nil }
    self.values = values
  }

  public var description: String { values.map(String.init).joined(separator: ",") }
}
