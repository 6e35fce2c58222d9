import Foundation
import Scene

/// A TCP connection and the WebSocket framing of RFC 6455 by hand, so that it can also be broken.
struct RawClient: Sendable {
  enum Failure: Error, Equatable {
    case noConnection
    case timeout
    case closed
    case refused(String)
  }

  /// One frame from the server.
  struct Message: Equatable {
    var opcode: UInt8
    var payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
    /// The code in a close frame.
    var code: Int? {
      opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
    }
  }

  private let descriptor: Int32

  init(port: Int, timeout: Int = 5) throws {
    #if canImport(Glibc)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close()
      throw Failure.noConnection
    }
  }

  func close() {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  // MARK: Bytes

  func send(_ bytes: [UInt8]) async throws { try await onThread { try sendNow(bytes) } }

  func receive(_ count: Int) async throws -> [UInt8] {
    try await onThread { try receiveNow(count) }
  }

  private func sendNow(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Scene.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure.closed }
      sent += count
    }
  }

  private func receiveNow(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes[filled...].withUnsafeMutableBytes {
        recv(descriptor, $0.baseAddress, $0.count, 0)
      }
      if got == 0 { throw Failure.closed }
      if got < 0 { throw errno == EAGAIN ? Failure.timeout : Failure.closed }
      filled += got
    }
    return bytes
  }

  private func receiveUntilEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    while let byte = try? receiveNow(1) { all += byte }
    return all
  }

  private func receiveHead() throws -> String {
    var head: [UInt8] = []
    while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) { head += try receiveNow(1) }
    return String(decoding: head, as: UTF8.self)
  }

  // MARK: HTTP

  /// The whole answer to one request.
  func request(_ method: String, _ path: String, host: String = "127.0.0.1") async throws
    -> String
  {
    try await send(
      Array("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8))
    return String(decoding: try await onThread { try receiveUntilEnd() }, as: UTF8.self)
  }

  // MARK: WebSocket

  /// Becomes a WebSocket, or throws the status line that came instead.
  func upgrade(host: String = "127.0.0.1", origin: String? = nil) async throws {
    let lines = [
      "GET /walk HTTP/1.1", "Host: \(host)", "Upgrade: websocket", "Connection: Upgrade",
      "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    let answer = try await answer(to: lines + (origin.map { ["Origin: \($0)"] } ?? []))
    // The answer to this key, from RFC 6455, section 1.3.
    guard answer.hasPrefix("HTTP/1.1 101"), answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") else {
      throw Failure.refused(String(answer.prefix { $0 != "\r\n" }))
    }
  }

  /// The head of the answer to a request's head.
  func answer(to lines: [String]) async throws -> String {
    try await send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    return try await onThread { try receiveHead() }
  }

  func send(text: String) async throws { try await send(Self.frame(1, Array(text.utf8))) }

  /// Says which keys are held, how far the mouse went and which frame arrived.
  func say(
    _ seq: Int, move: [Double] = [0, 0, 0], turn: [Double] = [0, 0], seen: Int = 0,
    seconds: Double? = nil
  ) async throws {
    let time = seconds.map { #","seconds":\#($0)"# } ?? ""
    try await send(
      text: #"{"v":1,"seq":\#(seq),"move":\#(move),"turn":\#(turn),"seen":\#(seen)\#(time)}"#)
  }

  static func frame(
    _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, isMasked: Bool = true
  ) -> [UInt8] {
    let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
    var out = [(isFinal ? 0x80 : 0) | opcode]
    let bit: UInt8 = isMasked ? 0x80 : 0
    switch payload.count {
    case ..<126: out += [bit | UInt8(payload.count)]
    case ..<65536: out += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
    default: out += [bit | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 255) }
    }
    guard isMasked else { return out + payload }
    return out + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
  }

  /// The next frame, whatever it is.
  func next() async throws -> Message { try await onThread { try nextNow() } }

  private func nextNow() throws -> Message {
    let head = try receiveNow(2)
    var count = Int(head[1])
    if count >= 126 {
      count = try receiveNow(count == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
    }
    return Message(opcode: head[0] & 15, payload: try receiveNow(count))
  }

  /// The next frame of a kind; others are passed over.
  func next(_ opcode: UInt8) async throws -> Message {
    while true {
      let message = try await next()
      if message.opcode == opcode { return message }
    }
  }
}

/// Does what blocks on a thread of its own: the pool's few threads belong to the server.
///
/// Expectations stay outside: on another thread they do not know which test they belong to.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
  }
}
