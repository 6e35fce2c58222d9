import Streaming
import Testing

@Suite(.timeLimit(.minutes(1))) struct SiteTests {
  private func answer(_ method: String, _ path: String, host: String = "localhost") async throws
    -> String
  {
    try await serving {
      BrighteningWalk()
    } _: { port in
      let client = try RawClient(port: port)
      defer { client.close() }
      return try await client.request(method, path, host: host)
    }
  }

  @Test(arguments: [
    ("/", "text/html; charset=utf-8", "<!doctype html>"),
    ("/main.js", "text/javascript; charset=utf-8", "import { Wire }"),
    ("/style.css", "text/css; charset=utf-8", "#view"),
    ("/icon.svg", "image/svg+xml", "<svg"), ("/healthz", "text/plain; charset=utf-8", "ok\n"),
  ])
  func servesItsFiles(path: String, type: String, part: String) async throws {
    let answer = try await answer("GET", path)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.lowercased().contains("content-type: \(type)"))
    #expect(answer.contains(part))
    #expect(answer.contains("script-src 'self'"))
    #expect(!answer.contains("unsafe-inline"))
  }

  @Test func headHasNoBody() async throws {
    let answer = try await answer("HEAD", "/")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n"))
  }

  @Test(arguments: [
    ("GET", "/../Package.swift", 404), ("GET", "/index.html", 404), ("GET", "/%2e%2e/etc", 404),
    ("GET", "/nothing", 404), ("POST", "/", 404), ("GET", "/walk", 426),
  ])
  func theRestIsNotFound(method: String, path: String, status: Int) async throws {
    let answer = try await answer(method, path)
    #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
    #expect(answer.contains("frame-ancestors 'none'"))
  }

  @Test func oneConnectionAnswersSeveralRequests() async throws {
    let answers = try await serving {
      BrighteningWalk()
    } _: { port in
      let client = try RawClient(port: port)
      defer { client.close() }
      let head = "HTTP/1.1\r\nHost: localhost\r\n"
      try await client.send(
        Array("GET /healthz \(head)\r\nPOST / \(head)Content-Length: 3\r\n\r\nabc".utf8))
      return try await client.request("GET", "/healthz?again")
    }
    let statuses = answers.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("HTTP/1.1 ") }
    #expect(statuses == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"])
    #expect(answers.hasSuffix("\r\n\r\nok\n"))
  }

  @Test func whoAsksWithoutEndAndReadsNothingIsHeldUp() async throws {
    try await serving {
      BrighteningWalk()
    } _: { port in
      let client = try RawClient(port: port, timeout: 1)
      defer { client.close() }
      let request = Array("GET /main.js HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
      let some = Array(repeatElement(request, count: 10_000).joined())
      await #expect(throws: RawClient.Failure.closed) {
        for _ in 0..<1000 { try await client.send(some) }
      }
    }
  }

  @Test func anotherNameIsMisdirected() async throws {
    #expect(try await answer("GET", "/", host: "evil.example").hasPrefix("HTTP/1.1 421 "))
  }

  @Test func noHTTPAtAllIsABadRequest() async throws {
    let answer = try await serving {
      BrighteningWalk()
    } _: { port in
      let client = try RawClient(port: port)
      defer { client.close() }
      try await client.send([0x16, 0x03, 0x01, 0x00, 0xFF, 0x0A, 0x0D, 0x0A])
      return try await client.request("GET", "/")
    }
    #expect(answer.hasPrefix("HTTP/1.1 400 "))
  }

  @Test func aPortInUseIsSaidSo() async throws {
    try await serving {
      BrighteningWalk()
    } _: { port in
      let second = ExploreServer(port: port) { BrighteningWalk() }
      let error = await #expect(throws: ServerError.portInUse(host: "127.0.0.1", port: port)) {
        try await second.run()
      }
      #expect("\(error!)".contains("--port"))
      #expect("\(error!)".contains("\(port)"))
    }
  }

  @Test func aPortThatDoesNotExistIsSaidSo() async {
    await #expect(throws: ServerError.noSuchPort(70_000)) {
      try await ExploreServer(port: 70_000) { BrighteningWalk() }.run()
    }
  }

  @Test func anAddressOfAnotherMachineIsSaidSo() async {
    let error = await #expect(throws: ServerError.self) {
      try await ExploreServer(host: "192.0.2.1", port: 0) { BrighteningWalk() }.run()
    }
    #expect("\(error!)".contains("192.0.2.1"))
  }
}
