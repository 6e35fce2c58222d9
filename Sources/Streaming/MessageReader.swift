import NIOCore
import NIOWebSocket

/// Why a viewer is sent away: a WebSocket close code and words.
struct Refusal: Error, Equatable, Sendable {
  enum Code: Equatable, Sendable {
    case protocolError
    case notText
    case notUnderstood
    case notAllowed
    case tooBig
    case failed
    case busy

    var webSocket: WebSocketErrorCode {
      switch self {
      case .protocolError: .protocolError  // 1002
      case .notText: .unacceptableData  // 1003
      case .notUnderstood: .dataInconsistentWithMessage  // 1007
      case .notAllowed: .policyViolation  // 1008
      case .tooBig: .messageTooLarge  // 1009
      case .failed: .unexpectedServerError  // 1011
      case .busy: .unknown(1013)  // try again later
      }
    }
  }

  let code: Code
  let reason: String

  init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}

/// Puts a client's WebSocket frames together to messages, and refuses what is none of them.
struct MessageReader {
  /// What one frame completes.
  enum Event: Equatable {
    case text([UInt8])
    case ping(ByteBuffer)
    case close
    /// Nothing yet, or nothing to do.
    case nothing
  }

  /// The longest message, in bytes; the frame decoder has the same limit.
  static let limit = 1 << 16

  private var partial: [UInt8]?

  mutating func read(_ frame: WebSocketFrame) throws(Refusal) -> Event {
    guard frame.maskKey != nil else {
      throw Refusal(.protocolError, "A client has to mask its frames")
    }
    guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
      throw Refusal(.protocolError, "No extension was agreed on")
    }
    switch frame.opcode {
    case .text: return try begin(frame)
    case .continuation: return try append(frame)
    case .binary: throw Refusal(.notText, "Input is text, not binary")
    case .ping: return .ping(frame.unmaskedData)
    case .connectionClose: return .close
    case .pong: return .nothing
    default: throw Refusal(.protocolError, "Unknown kind of frame")
    }
  }

  private mutating func begin(_ frame: WebSocketFrame) throws(Refusal) -> Event {
    guard partial == nil else {
      throw Refusal(.protocolError, "A message began inside another")
    }
    partial = []
    return try append(frame)
  }

  private mutating func append(_ frame: WebSocketFrame) throws(Refusal) -> Event {
    guard var message = partial else {
      throw Refusal(.protocolError, "A message went on that had not begun")
    }
    message.append(contentsOf: frame.unmaskedData.readableBytesView)
    guard message.count <= Self.limit else {
      throw Refusal(.tooBig, "A message is longer than \(Self.limit) bytes")
    }
    partial = frame.fin ? nil : message
    return frame.fin ? .text(message) : .nothing
  }
}

extension WebSocketFrame {
  static func text(_ string: String) -> WebSocketFrame {
    WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: string))
  }

  static func binary(_ parts: [UInt8]...) -> WebSocketFrame {
    var data = ByteBufferAllocator().buffer(capacity: parts.reduce(0) { $0 + $1.count })
    for part in parts { data.writeBytes(part) }
    return WebSocketFrame(fin: true, opcode: .binary, data: data)
  }

  static func pong(_ data: ByteBuffer) -> WebSocketFrame {
    WebSocketFrame(fin: true, opcode: .pong, data: data)
  }

  static let ping = WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())

  /// A close frame holds two bytes of code and at most 123 bytes of reason.
  static func close(_ code: WebSocketErrorCode, _ reason: String = "") -> WebSocketFrame {
    var data = ByteBuffer()
    data.write(webSocketErrorCode: code)
    var text = Substring(reason)
    while text.utf8.count > 123 { text.removeLast() }
    data.writeSubstring(text)
    return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
  }
}
