package dev.baton.model.text;

import com.hubspot.jinjava.el.ExtendedSyntaxBuilder;
import com.hubspot.jinjava.el.ext.AstNamedParameter;
import com.hubspot.jinjava.el.ext.AstRangeBracket;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.NamedParameterOperator;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.Scanner;
import jinjava.de.odysseus.el.tree.impl.Scanner.ScanException;
import jinjava.de.odysseus.el.tree.impl.Scanner.Symbol;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstDot;
import jinjava.de.odysseus.el.tree.impl.ast.AstIdentifier;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.de.odysseus.el.tree.impl.ast.AstNumber;
import jinjava.de.odysseus.el.tree.impl.ast.AstParameters;
import jinjava.de.odysseus.el.tree.impl.ast.AstProperty;
import jinjava.de.odysseus.el.tree.impl.ast.AstUnary;
import jinjava.javax.el.ELException;
import org.jspecify.annotations.Nullable;

/**
 * Expressions with Python's precedence where jinjava has another: {@code not} binds weaker than
 * comparisons, filters and tests ({@code not x is defined}, {@code not xs|length == 1}); a named
 * argument's value is a whole expression ({@code namespace(last=xs|length - 1)}). And {@code
 * [::-1]}.
 */
final class JinjaGrammar extends ExtendedParser {
  /** Whether the next colon of the slice that is being parsed begins its step. */
  private boolean secondColon;

  /** Whether that step is -1. */
  private boolean backwards;

  private JinjaGrammar(Syntax syntax, String input) {
    super(syntax, input);
  }

  /** Makes the parsers. */
  static final class Syntax extends ExtendedSyntaxBuilder {
    private static final long serialVersionUID = 1L;

    Syntax() {
      super(Feature.METHOD_INVOCATIONS, Feature.VARARGS);
    }

    @Override
    protected Parser createParser(String expression) {
      return new JinjaGrammar(this, expression);
    }
  }

  @Override
  protected AstNode and(boolean required) throws ScanException, ParseException {
    AstNode left = not(required);
    while (left != null && getToken().getSymbol() == Symbol.AND) {
      consumeToken();
      left = createAstBinary(left, not(true), AstBinary.AND);
    }
    return left;
  }

  private AstNode not(boolean required) throws ScanException, ParseException {
    if (getToken().getSymbol() != Symbol.NOT) {
      return eq(required);
    }
    consumeToken();
    return createAstUnary(not(true), AstUnary.NOT);
  }

  @Override
  protected AstParameters params(Symbol left, Symbol right) throws ScanException, ParseException {
    consumeToken(left);
    List<AstNode> arguments = new ArrayList<>();
    while (getToken().getSymbol() != right) {
      arguments.add(argument());
      if (getToken().getSymbol() != Symbol.COMMA) {
        break;
      }
      consumeToken();
    }
    consumeToken(right);
    return createAstParameters(arguments);
  }

  private AstNode argument() throws ScanException, ParseException {
    Scanner.Token name = getToken();
    boolean named =
        name.getSymbol() == Symbol.IDENTIFIER && lookahead(0).equals(NamedParameterOperator.TOKEN);
    if (named) {
      consumeToken();
      consumeToken();
    }
    AstNode value = Objects.requireNonNull(expr(true), "a required expression");
    return named ? new AstNamedParameter(identifier(name.getImage()), value) : value;
  }

  /** Takes the step of {@code [::-1]}, where the bracket's end should stand. */
  @Override
  protected @Nullable AstNode expr(boolean required) throws ScanException, ParseException {
    boolean colon = !required && getToken().getSymbol() == Symbol.COLON;
    if (colon && lookahead(0).getSymbol() == Symbol.COLON) {
      secondColon = true;
      return null;
    }
    if (colon && secondColon) {
      secondColon = false;
      consumeToken(Symbol.COLON);
      consumeToken(Symbol.MINUS);
      if (!consumeToken(Symbol.INTEGER).getImage().equals("1")) {
        throw new ELException("of slices with a step only [::-1] is supported");
      }
      backwards = true;
      return null;
    }
    return super.expr(required);
  }

  @Override
  protected AstRangeBracket createAstRangeBracket(
      AstNode base,
      @Nullable AstNode start,
      @Nullable AstNode end,
      boolean lvalue,
      boolean strict) {
    AstNode sliced = base;
    if (backwards) {
      backwards = false;
      AstNode reverse = createAstDot(identifier(FILTER_PREFIX + "reverse"), "filter", true);
      sliced =
          createAstMethod((AstProperty) reverse, createAstParameters(List.of(base, interpreter())));
    }
    // jinjava fails on a string's slice without a start.
    AstNode from = start == null ? new AstNumber(0L) : start;
    return super.createAstRangeBracket(sliced, from, end, lvalue, strict);
  }

  /** An unknown filter or test is an error, where jinjava would quietly yield nothing. */
  @Override
  protected AstDot createAstDot(AstNode base, String property, boolean lvalue) {
    if (base instanceof AstIdentifier identifier) {
      String name = identifier.getName();
      var context = JinjavaInterpreter.getCurrent().getContext();
      boolean unknown =
          name.startsWith(FILTER_PREFIX)
              ? context.getFilter(name.substring(FILTER_PREFIX.length())) == null
              : name.startsWith(EXPTEST_PREFIX)
                  && context.getExpTest(name.substring(EXPTEST_PREFIX.length())) == null;
      if (unknown) {
        throw new ELException("there is no " + name.replace("exptest", "test").replace(":", " "));
      }
    }
    return super.createAstDot(base, property, lvalue);
  }
}
