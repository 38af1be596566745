package dev.baton.proto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.baton.proto.internal.v1.CommonProto;
import dev.baton.proto.internal.v1.DecodeProto;
import dev.baton.proto.internal.v1.DrainProto;
import dev.baton.proto.internal.v1.KvTransferProto;
import dev.baton.proto.internal.v1.PrefillProto;
import dev.baton.proto.internal.v1.WorkerProto;
import dev.baton.proto.v1.ErrorsProto;
import dev.baton.proto.v1.GenerationProto;
import dev.baton.proto.v1.SamplingProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rules of {@code buf lint} that matter to whoever reads or generates from the .proto files.
 */
class WireHygieneTest {
  private static final Pattern DECLARATION =
      Pattern.compile(
          "(message|enum|service|rpc|oneof)\\s+\\w+.*|[\\w.]+( [\\w.]+)* \\w+ = \\d+;|\\w+ = \\d+;");

  static Stream<FileDescriptor> files() {
    return Stream.of(
        SamplingProto.getDescriptor(),
        ErrorsProto.getDescriptor(),
        GenerationProto.getDescriptor(),
        CommonProto.getDescriptor(),
        PrefillProto.getDescriptor(),
        DecodeProto.getDescriptor(),
        KvTransferProto.getDescriptor(),
        WorkerProto.getDescriptor(),
        DrainProto.getDescriptor());
  }

  @ParameterizedTest
  @MethodSource("files")
  void packageIsVersionedAndMatchesItsFolder(FileDescriptor file) {
    assertThat(file.getPackage()).matches("baton(\\.[a-z]+)*\\.v\\d+");
    assertThat(file.getName()).startsWith(file.getPackage().replace('.', '/') + "/");
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyEnumStartsWithUnspecifiedAndPrefixesItsValues(FileDescriptor file) {
    for (EnumDescriptor each : file.getEnumTypes()) {
      String prefix =
          each.getName().replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT);
      assertThat(each.getValue(0).getName()).isEqualTo(prefix + "_UNSPECIFIED");
      assertThat(each.getValue(0).getNumber()).isZero();
      assertThat(each.getValues())
          .allSatisfy(value -> assertThat(value.getName()).startsWith(prefix + "_"));
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyServiceIsNamedServiceAndItsMessagesAfterItsCalls(FileDescriptor file) {
    file.getServices()
        .forEach(service -> {
          assertThat(service.getName()).endsWith("Service");
          service
              .getMethods()
              .forEach(call -> {
                assertThat(call.getInputType().getName()).isEqualTo(call.getName() + "Request");
                assertThat(call.getOutputType().getName()).isEqualTo(call.getName() + "Response");
              });
        });
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyDeclarationSaysWhatItMeans(FileDescriptor file) throws IOException {
    List<String> silent = new ArrayList<>();
    String before = "";
    for (String line : source(file).lines().map(String::strip).toList()) {
      if (DECLARATION.matcher(line).matches() && !before.startsWith("//")) {
        silent.add(line);
      }
      before = line;
    }
    assertThat(silent).as("declarations without a comment in %s", file.getName()).isEmpty();
  }

  private static String source(FileDescriptor file) throws IOException {
    try (InputStream in = WireHygieneTest.class.getResourceAsStream("/" + file.getName())) {
      assertThat(in).as("%s travels in the jar", file.getName()).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
