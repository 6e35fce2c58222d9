import NIOCore
import NIOHTTP1

/// The page and what else is served over plain HTTP; its files are inside the program.
struct Site: Sendable {
  typealias Channel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

  /// What a request gets.
  private struct Answer {
    var status = HTTPResponseStatus.ok
    var type = "text/plain; charset=utf-8"
    let body: [UInt8]
  }

  let door: Door

  /// Where the page opens its WebSocket.
  static let walkPath = "/walk"

  private static let answers: [String: Answer] = [
    "/": Answer(type: "text/html; charset=utf-8", body: PackageResources.index_html),
    "/style.css": Answer(type: "text/css; charset=utf-8", body: PackageResources.style_css),
    "/icon.svg": Answer(type: "image/svg+xml", body: PackageResources.icon_svg),
    "/main.js": Answer(type: script, body: PackageResources.main_js),
    "/input.js": Answer(type: script, body: PackageResources.input_js),
    "/wire.js": Answer(type: script, body: PackageResources.wire_js),
    "/map.js": Answer(type: script, body: PackageResources.map_js),
    "/view.js": Answer(type: script, body: PackageResources.view_js),
    "/healthz": Answer(body: Array("ok\n".utf8)),
    walkPath: Answer(
      status: .upgradeRequired, body: Array("This is a WebSocket; the page is at /\n".utf8)),
  ]
  private static let script = "text/javascript; charset=utf-8"

  /// What every answer may not be used for.
  private static let headers: HTTPHeaders = [
    "Content-Security-Policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
      + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
  ]

  /// Answers a client's requests, one after the other, until it has no more. What a request carries
  /// is passed over.
  func serve(_ channel: Channel) async throws {
    try await channel.executeThenClose { requests, answers in
      for try await case .head(let request) in requests {
        let answer = answer(to: request)
        try await answers.write(.head(head(of: answer, to: request)))
        if request.method != .HEAD {
          try await answers.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body))))
        }
        try await answers.write(.end(nil))
        if !request.isKeepAlive { break }
      }
    }
  }

  /// Turns away requests for other hosts.
  private func answer(to request: HTTPRequestHead) -> Answer {
    let host = request.headers.first(name: "Host")
    guard door.admits(host: host) else {
      return Answer(
        status: .misdirectedRequest, body: Array("This server answers to localhost only\n".utf8))
    }
    let path = Self.path(of: request)
    let origin = request.headers.first(name: "Origin")
    guard path != Self.walkPath || door.admits(origin: origin, host: host) else {
      return Answer(
        status: .forbidden, body: Array("Pages of other sites may not walk here\n".utf8))
    }
    guard [.GET, .HEAD].contains(request.method), let answer = Self.answers[path] else {
      return Answer(status: .notFound, body: Array("Not Found\n".utf8))
    }
    return answer
  }

  /// What a request asks for.
  static func path(of request: HTTPRequestHead) -> String {
    String(request.uri.prefix { $0 != "?" })
  }

  private func head(of answer: Answer, to request: HTTPRequestHead) -> HTTPResponseHead {
    var headers = Self.headers
    headers.add(name: "Content-Type", value: answer.type)
    headers.add(name: "Content-Length", value: "\(answer.body.count)")
    headers.add(name: "Connection", value: request.isKeepAlive ? "keep-alive" : "close")
    if answer.status == .upgradeRequired {
      headers.add(name: "Connection", value: "upgrade")
      headers.add(name: "Upgrade", value: "websocket")
      headers.add(name: "Sec-WebSocket-Version", value: "13")
    }
    return HTTPResponseHead(version: request.version, status: answer.status, headers: headers)
  }
}
