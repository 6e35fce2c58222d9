import Foundation
import NIOCore
import Scene

/// Why the server could not listen.
public enum ServerError: Error, Equatable, CustomStringConvertible {
  /// Another program listens there.
  case portInUse(host: String, port: Int)
  /// Ports below 1024 are the system's.
  case portNotAllowed(port: Int)
  /// No port number.
  case noSuchPort(Int)
  /// The address is not this machine's, or something else that the system says.
  case cannotListen(host: String, port: Int, reason: String)

  init(_ error: any Error, host: String, port: Int) {
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE: self = .portInUse(host: host, port: port)
    case EACCES: self = .portNotAllowed(port: port)
    case .some(let number):
      self = .cannotListen(host: host, port: port, reason: String(cString: strerror(number)))
    case nil: self = .cannotListen(host: host, port: port, reason: "\(error)")
    }
  }

  public var description: String {
    switch self {
    case .portInUse(let host, let port):
      "Port \(port) on \(host) is taken by another program; "
        + "choose another with --port, such as --port \(port < 65535 ? port + 1 : 8080)"
    case .portNotAllowed(let port):
      "Port \(port) needs the administrator's rights; choose one from 1024 on with --port"
    case .noSuchPort(let port):
      "There is no port \(port); choose one from 1024 to 65535 with --port (0: any)"
    case .cannotListen(let host, let port, let reason):
      "Cannot listen on \(host), port \(port): \(reason); --host is an address of this machine, "
        + "such as 127.0.0.1 or 0.0.0.0"
    }
  }
}
