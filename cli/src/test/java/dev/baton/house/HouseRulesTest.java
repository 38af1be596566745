package dev.baton.house;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.baton.kv.memory.FileMemory;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/** Which module may know which: the picture in docs/architecture.md, enforced. */
@AnalyzeClasses(packages = "dev.baton", importOptions = DoNotIncludeTests.class)
class HouseRulesTest {
  private static final List<String> MODULES =
      List.of(
          "proto", "kv", "model", "engine", "cluster", "prefill", "decode", "router", "client",
          "harness", "cli");

  @ArchTest static final ArchRule protoKnowsNobody = module("proto").mayKnow();

  @ArchTest static final ArchRule kvTransferKnowsNoModel = module("kv").mayKnow("proto");

  @ArchTest static final ArchRule clientKnowsOnlyProto = module("client").mayKnow("proto");

  @ArchTest
  static final ArchRule modelKnowsNothingThatRunsIt = module("model").mayKnow("kv", "proto");

  @ArchTest
  static final ArchRule engineKnowsNoNeighbourAbove = module("engine").mayKnow("kv", "model");

  @ArchTest static final ArchRule clusterKnowsNoModel = module("cluster").mayKnow("kv", "proto");

  @ArchTest
  static final ArchRule prefillWorkerDoesNotKnowDecodeWorker =
      module("prefill").mayKnow("cluster", "engine", "model", "kv", "proto");

  @ArchTest
  static final ArchRule decodeWorkerDoesNotKnowPrefillWorker =
      module("decode").mayKnow("cluster", "engine", "model", "kv", "proto");

  @ArchTest
  static final ArchRule routerKnowsNoEngine =
      module("router").mayKnow("cluster", "model", "kv", "proto");

  @ArchTest
  static final ArchRule harnessDrivesServersFromOutside =
      module("harness").mayKnow("client", "cluster", "model", "kv", "proto");

  @ArchTest
  static final ArchRule engineKnowsNoNetwork =
      noClasses()
          .that()
          .resideInAPackage("dev.baton.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "io.netty..", "java.net..", "org.apache..");

  /** {@link Math} may round these as the machine likes best; {@link StrictMath} may not. */
  @ArchTest
  static final ArchRule bitsOfTheEngineAreNoMachinesOwn =
      noClasses()
          .that()
          .resideInAnyPackage("dev.baton.engine..", "dev.baton.model..")
          .should()
          .callMethodWhere(
              target(owner(type(Math.class)))
                  .and(
                      target(
                          nameMatching(
                              "a?(sin|cos|tan)h?|atan2|exp|expm1|log|log10|log1p|pow|cbrt|hypot"))));

  /** One confined segment in the process, and every kernel checks whose its segments are. */
  @ArchTest
  static final ArchRule noSegmentHasAnOwner =
      noClasses().should().callMethod(Arena.class, "ofConfined");

  /** One segment of another class in the process, and kernels ask of each which it is. */
  @ArchTest
  static final ArchRule fileMemoryAloneMapsFiles =
      noClasses()
          .that()
          .doNotBelongToAnyOf(FileMemory.class)
          .should()
          .callMethodWhere(target(nameMatching("map")).and(target(owner(type(FileChannel.class)))));

  @ArchTest
  static final ArchRule placementIsPure =
      noClasses()
          .that()
          .resideInAPackage("dev.baton.router.placement..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.grpc..",
              "io.netty..",
              "java.net..",
              "java.time..",
              "org.apache..",
              "io.micrometer..");

  @ArchTest
  static final ArchRule admissionIsPureBehindItsGate =
      noClasses()
          .that()
          .resideInAPackage("dev.baton.router.admission..")
          .and()
          .doNotHaveSimpleName("AdmissionGate")
          .and()
          .doNotHaveSimpleName("AdmissionMeters")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.grpc..",
              "io.netty..",
              "java.net..",
              "java.util.concurrent..",
              "org.apache..",
              "io.micrometer..");

  @ArchTest
  static final ArchRule modulesHaveNoCycles =
      slices().matching("dev.baton.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule namesSayWhatAThingIs =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameEndingWith("Impl");

  @ArchTest
  static final ArchRule everyPackageIsNullMarkedAndIntroducesItself =
      classes()
          .that()
          .resideOutsideOfPackage("dev.baton.proto..")
          .should(liveInANullMarkedPackage());

  private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
    return new ArchCondition<>("live in a package whose package-info.java is @NullMarked") {
      @Override
      public void check(JavaClass each, ConditionEvents events) {
        boolean marked = each.getPackage().isAnnotatedWith(NullMarked.class);
        events.add(
            new SimpleConditionEvent(
                each, marked, each.getName() + " in " + each.getPackageName()));
      }
    };
  }

  private static Module module(String name) {
    return new Module(name);
  }

  /** One module by its package under {@code dev.baton}. */
  private record Module(String name) {
    ArchRule mayKnow(String... others) {
      Set<String> allowed =
          Set.copyOf(Stream.concat(Stream.of(name), Arrays.stream(others)).toList());
      String[] forbidden =
          MODULES.stream()
              .filter(each -> !allowed.contains(each))
              .map(each -> "dev.baton." + each + "..")
              .toArray(String[]::new);
      return noClasses()
          .that()
          .resideInAPackage("dev.baton." + name + "..")
          .should()
          .dependOnClassesThat(
              DescribedPredicate.describe(
                  "reside in one of " + Arrays.toString(forbidden),
                  target -> JavaClass.Predicates.resideInAnyPackage(forbidden).test(target)));
    }
  }
}
