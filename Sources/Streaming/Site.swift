import HTTPTypes
import Hummingbird

/// The page and what else is served over plain HTTP; its files are inside the program.
struct Site {
  let door: Door

  /// Where the page opens its WebSocket.
  static let walkPath = "/walk"

  private static let files: [(path: String, type: String, bytes: [UInt8])] = [
    ("/", "text/html; charset=utf-8", PackageResources.index_html),
    ("/style.css", "text/css; charset=utf-8", PackageResources.style_css),
    ("/icon.svg", "image/svg+xml", PackageResources.icon_svg),
    ("/main.js", script, PackageResources.main_js),
    ("/input.js", script, PackageResources.input_js),
    ("/wire.js", script, PackageResources.wire_js),
    ("/map.js", script, PackageResources.map_js),
    ("/view.js", script, PackageResources.view_js),
  ]
  private static let script = "text/javascript; charset=utf-8"

  var router: Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    router.add(middleware: Guard(door: door))
    for file in Self.files {
      let response = Self.response(.ok, file.bytes, type: file.type)
      router.get(RouterPath(file.path)) { _, _ in response }
    }
    router.get("/healthz") { _, _ in Self.response(.ok, Array("ok\n".utf8)) }
    router.get(RouterPath(Self.walkPath)) { _, _ in
      Self.response(.upgradeRequired, Array("This is a WebSocket; the page is at /\n".utf8))
    }
    return router
  }

  static func response(
    _ status: HTTPResponse.Status, _ bytes: [UInt8], type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

/// Turns away requests for other hosts, and adds to every answer what it may not be used for.
private struct Guard: RouterMiddleware {
  typealias Context = BasicRequestContext

  let door: Door

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await answer(request, context, next)
    for (name, value) in Self.headers { response.headers[name] = value }
    return response
  }

  private func answer(
    _ request: Request, _ context: Context,
    _ next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard door.admits(host: request.head.authority) else {
      return Site.response(
        .misdirectedRequest, Array("This server answers to localhost only\n".utf8))
    }
    do {
      return try await next(request, context)
    } catch let error as HTTPError {
      return Site.response(error.status, Array("\(error.status.reasonPhrase)\n".utf8))
    }
  }

  private static let headers: [(HTTPField.Name, String)] = [
    (
      HTTPField.Name("Content-Security-Policy")!,
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    (HTTPField.Name("X-Content-Type-Options")!, "nosniff"),
    (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
    (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
    (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
    (.cacheControl, "no-cache"),
  ]
}
