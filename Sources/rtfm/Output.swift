import Foundation

/// Progress and remarks: to standard error, so that standard output stays for results.
func note(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}
