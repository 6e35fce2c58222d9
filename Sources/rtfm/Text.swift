import Foundation

// Numbers and words in columns, for people.
extension Double {
  func digits(_ count: Int, width: Int = 0) -> String {
    String(format: "%\(width).\(count)f", self)
  }
}

extension String {
  /// Followed by spaces up to a width.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  /// After spaces up to a width.
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
