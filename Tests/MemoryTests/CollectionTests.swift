import Memory
import Scene
import Testing

struct CollectionTests {
  let memory = SpatialMemory(Places.scattered(20, size: 3, seed: 1))

  @Test func isACollectionInOrderOfAdmission() {
    #expect(memory.count == 20)
    #expect(memory.map(\.id) == Array(0..<20))
    #expect(memory.map(\.value) == Array(0..<20))
    #expect(memory.reversed().first?.id == memory.last?.id)
    #expect(memory[memory.index(memory.startIndex, offsetBy: 7)].value == 7)
    #expect(memory.distance(from: memory.startIndex, to: memory.endIndex) == 20)
    #expect(memory[5..<9].map(\.id) == [5, 6, 7, 8])
  }

  @Test func anEmptyMemoryRecallsNothingAndKnowsNothing() {
    let empty = SpatialMemory<String>(scale: 1)
    let query = Places.camera(at: .zero, facing: [0, 0, 1])
    #expect(empty.isEmpty)
    #expect(empty.recall(for: query, limit: 4).isEmpty)
    #expect(empty.novelty(of: query).uncovered == 1)
    #expect(empty.coverage(of: query, by: []) == 0)
  }

  @Test func isAValue() {
    var copy = memory
    copy.admit(99, camera: memory[0].camera, always: true)
    #expect(memory.count == 20)
    #expect(copy.count == 21)
  }

  @Test func findsKeyframesByIdAndChangesTheirValues() throws {
    var memory = memory
    let old = try memory.update(3) { value throws(Full) -> Int in
      defer { value = 300 }
      return value
    }
    #expect(old == 3)
    #expect(memory[id: 3]?.value == 300)
    #expect(memory[id: 4]?.value == 4)
    #expect(memory[id: 20] == nil)
    #expect(memory[id: -1] == nil)
    #expect(throws: Full.self) { try memory.update(3) { _ throws(Full) in throw Full() } }
  }

  struct Full: Error {}

  @Test func holdsValuesThatCannotBeShared() {
    final class Cache { var size = 0 }
    var memory = SpatialMemory<Cache>(scale: 1)
    memory.admit(Cache(), camera: Places.camera(at: .zero, facing: [0, 0, 1]))
    memory.update(0) { $0.size = 7 }
    #expect(memory[0].value.size == 7)
  }

  static let broken: [Camera] = {
    let good = Places.camera(at: .zero, facing: [0, 0, 1])
    let faults: [(inout Camera) -> Void] = [
      { $0.pose.position.x = .nan }, { $0.pose.rotation.z.y = .infinity },
      { $0.intrinsics.focal.x = 0 }, { $0.intrinsics.width = 0 }, { $0.intrinsics.center.y = .nan },
    ]
    return faults.map { fault in
      var camera = good
      fault(&camera)
      return camera
    }
  }()

  @Test(arguments: broken) func brokenCamerasAreNeitherKeptNorUnderstood(camera: Camera) {
    var memory = memory
    #expect(memory.admit(0, camera: camera, always: true) == nil)
    #expect(memory.count == 20)
    #expect(memory.ids(for: camera) == [19])
    #expect(memory.novelty(of: camera).uncovered == 1)
    #expect(memory.coverage(of: camera, by: Array(memory)) == 0)
  }
}
