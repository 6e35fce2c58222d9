import Memory
import Scene
import Testing

struct AdmissionTests {
  /// How many of the cameras a memory keeps.
  func walk(_ memory: inout SpatialMemory<Int>, _ cameras: [Camera]) -> Int {
    let before = memory.count
    for camera in cameras { memory.admit(0, camera: camera) }
    return memory.count - before
  }

  let query = Places.camera(at: .zero, facing: [0, 0, 1])

  @Test func theFirstFrameIsKeptAndItsTwinIsNot() {
    var memory = SpatialMemory<Int>(scale: 1)
    #expect(memory.admit(1, camera: query) == 0)
    #expect(memory.admit(2, camera: query) == nil)
    #expect(memory.admit(3, camera: query, always: true) == 1)
    #expect(memory.map(\.value) == [1, 3])
    let novelty = memory.novelty(of: query)
    #expect(novelty.uncovered < 1e-6)
    #expect(abs(novelty.resolutionGain - 1) < 1e-5)
    #expect(novelty.distance == 0)
  }

  @Test func lapsAfterTheFirstAddNothing() {
    var memory = SpatialMemory<Int>(scale: 1, policy: .coarse)
    let lap = Places.lap(60, radius: 1.5)
    let first = walk(&memory, lap)
    #expect(first > 5 && first < 45)
    for _ in 0..<100 { #expect(walk(&memory, lap) == 0) }
    #expect(walk(&memory, Places.lap(60, radius: 1.5, phase: 0.37)) <= first / 5)
  }

  @Test(arguments: [1.0, 20]) func exploringAddsInProportion(scale: Double) {
    var (short, long) = (
      SpatialMemory<Int>(scale: scale, policy: .coarse),
      SpatialMemory<Int>(scale: scale, policy: .coarse)
    )
    let few = walk(&short, Places.corridor(60, step: 0.1 * scale))
    let many = walk(&long, Places.corridor(240, step: 0.1 * scale))
    #expect(few >= 4)
    #expect(abs(Double(many) / Double(few) - 4) < 1)
  }

  @Test func turningAwayIsNewAndTurningALittleIsNot() {
    var memory = SpatialMemory<Int>(scale: 1)
    memory.admit(0, camera: query)
    func turned(_ a: Double) -> Camera { Places.camera(at: .zero, facing: [sin(a), 0, cos(a)]) }
    #expect(memory.novelty(of: turned(.pi)) == SpatialMemory<Int>(scale: 1).novelty(of: query))
    // On the spot, a turn by angle a uncovers about a / field of view.
    #expect(abs(memory.novelty(of: turned(0.3)).uncovered - 0.3 / 1.2) < 0.06)
    #expect(memory.admit(1, camera: turned(0.04)) == nil)
    #expect(memory.admit(1, camera: turned(0.2)) != nil)
  }

  @Test func lookingThroughALongerLensIsNewWhereItIsSharperByHalf() {
    var memory = SpatialMemory<Int>(scale: 1)
    memory.admit(0, camera: query)
    func zoomed(_ factor: Double) -> Camera {
      var camera = query
      camera.intrinsics.focal *= factor
      return camera
    }
    #expect(abs(memory.novelty(of: zoomed(1.4)).resolutionGain - 1.4) < 0.01)
    #expect(memory.admit(1, camera: zoomed(1.4)) == nil)
    #expect(memory.admit(1, camera: zoomed(1.6)) != nil)
  }

  @Test func oneScaleIsOneUnitOfDistance() {
    var memory = SpatialMemory<Int>(scale: 7)
    memory.admit(0, camera: query)
    var camera = query
    camera.pose.position.x = 3.5
    #expect(abs(memory.novelty(of: camera).distance - 0.5) < 1e-9)
  }

  static let verdicts: [(Novelty, Bool)] = [
    (novelty(0.081, 1, 0), true), (novelty(0.079, 1, 0), false),
    (novelty(0, 1.51, 0), true), (novelty(0, 1.49, 0), false),
    (novelty(0.021, 1, 0.26), true), (novelty(0.021, 1, 0.24), false),
    (novelty(0.019, 1, 0.26), false),
  ]

  static func novelty(_ uncovered: Double, _ gain: Double, _ distance: Double) -> Novelty {
    Novelty(uncovered: uncovered, resolutionGain: gain, distance: distance)
  }

  @Test(arguments: verdicts) func thresholdsAreThoseOfTheDesign(novelty: Novelty, isNew: Bool) {
    #expect(novelty.exceeds(Policy()) == isNew)
  }

  @Test func drawnFramesExplainAsMuchAsGivenOnes() {
    var memory = SpatialMemory<Int>(scale: 1)
    memory.admit(0, camera: query, generation: 9)
    #expect(memory.admit(1, camera: query) == nil)
  }

  @Test func aDrawnFrameIsOneGenerationAfterWhatItWasDrawnFrom() {
    var memory = SpatialMemory<Int>(scale: 1)
    let left = Places.camera(at: .zero, facing: [-0.5, 0, 1])
    let right = Places.camera(at: .zero, facing: [0.5, 0, 1])
    memory.admit(0, camera: left, generation: 0, always: true)
    memory.admit(1, camera: right, generation: 0, always: true)
    #expect(memory.generation(of: query, from: Array(memory)) == 1)
    memory.admit(2, camera: query, generation: 3, always: true)
    #expect(memory.generation(of: query, from: [memory[2]]) == 4)
    let mixed = memory.generation(of: query, from: [memory[0], memory[2]])
    #expect(mixed > 1.2 && mixed < 3.8)
    #expect(memory.generation(of: query, from: []) == 1)
    // Half of the query each, so the plain mean, whatever a third shows worse than they.
    var halves = SpatialMemory<Int>(scale: 1)
    halves.admit(0, camera: left, generation: 1, always: true)
    halves.admit(1, camera: right, generation: 1, always: true)
    halves.admit(2, camera: left, generation: 7, always: true)
    #expect(abs(halves.generation(of: query, from: Array(halves)) - 2) < 1e-3)
  }

  @Test func aRoamIsBoundedByTheSpaceItSees() {
    // Wandering about a square for ever: ten times as long adds little to what the first tenth did.
    var memory = SpatialMemory<Int>(scale: 1, policy: .coarse)
    let poses = Places.scattered(2000, size: 1.5, seed: 21)
    let first = walk(&memory, Array(poses.prefix(200)))
    let later = walk(&memory, Array(poses.dropFirst(200)))
    #expect(first > 10)
    #expect(later < first)
  }

  @Test func aBlurIsNotAdmittedAndAGuessMakesWayForASurerFrame() {
    var memory = SpatialMemory<Int>(scale: 1)
    #expect(memory.admit(0, camera: query, certainty: 0.05) == nil)
    #expect(memory.admit(1, camera: query, certainty: 0.4) == 0)
    // About as sure: known. Much surer: new, and preferred from then on.
    #expect(memory.admit(2, camera: query, certainty: 0.5) == nil)
    #expect(memory.admit(3, camera: query, certainty: 0.9) == 1)
    #expect(memory.admit(4, camera: query, certainty: 1) == nil)
    #expect(memory.map(\.value) == [1, 3])
    #expect(memory.ids(for: query, limit: 4).first == 1)
    #expect(abs(memory.coverage(of: query, by: [memory[0]]) - 0.4) < 1e-3)
    #expect(abs(memory[0].certainty - 0.4) < 1e-6)
  }

  @Test func certaintyBoundsHowOftenAViewIsLearnedAnew() {
    var memory = SpatialMemory<Int>(scale: 1)
    var random = Random(state: 4)
    for i in 0..<500 { memory.admit(i, camera: query, certainty: random.number) }
    #expect(memory.count <= 6)  // log(1 / 0.1) / log(1.5)
  }

  @Test func aMemoryKeepsToItsPolicy() {
    var policy = Policy()
    policy.uncoveredThreshold = 0.3
    policy.resolutionThreshold = 2
    var memory = SpatialMemory<Int>(scale: 1, policy: policy)
    memory.admit(0, camera: query)
    let turned = Places.camera(at: .zero, facing: [sin(0.2), 0, cos(0.2)])
    #expect(memory.admit(1, camera: turned) == nil)
    #expect(memory.policy == policy)
  }
}
