import Foundation
import Images
import Scene
import TestSupport
import Torch

enum GPU {
  static let isHere = Device.hasGPU
}

enum Picture {
  static let gray = Image(width: 32, height: 32, color: [128, 128, 128])
}

/// Something that occupies a port.
struct ListeningSocket {
  let descriptor: Int32
  let port: UInt16

  init() throws {
    #if canImport(Glibc)
      let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let socket = Foundation.socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 1) == 0
          && getsockname(socket, $0, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    descriptor = socket
    port = UInt16(bigEndian: address.sin_port)
  }

  func close() { _ = Foundation.close(descriptor) }
}
